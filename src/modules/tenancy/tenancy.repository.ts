import { Injectable } from '@nestjs/common';
import { SUPPORT_ROLE } from '../../platform/feature/roles.js';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';

/** A membership with its user. */
export interface MembershipRow {
  id: string;
  userId: string;
  email: string;
  name: string;
  role: string;
  personId: string | null;
  kind: 'member' | 'support';
  status: 'active' | 'ended';
  createdAt: Date;
  endedAt: Date | null;
  grants: Record<string, string>;
  [column: string]: unknown;
}

export type NewMembership = Pick<MembershipRow, 'id' | 'userId' | 'name' | 'role' | 'personId'>;

const MEMBERSHIP = `SELECT m.id, m.user_id AS "userId", u.contact_email AS email, m.name, m.role,
  m.person_id AS "personId", m.kind, m.status,
  m.created_at AS "createdAt", m.ended_at AS "endedAt", m.grants
  FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.org_id = $1`;

/** Reads and writes the members of the current organization. */
@Injectable()
export class TenancyRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  memberships(status: string | undefined, after: string | null, limit: number): Promise<MembershipRow[]> {
    return this.unitOfWork.sql<MembershipRow>(
      `${MEMBERSHIP} AND ($2::text IS NULL OR m.status = $2) AND ($3::uuid IS NULL OR m.id > $3) ORDER BY m.id
         LIMIT $4`,
      [this.orgId, status ?? null, after, limit],
    );
  }

  async membership(id: string): Promise<MembershipRow | null> {
    const [row] = await this.unitOfWork.sql<MembershipRow>(`${MEMBERSHIP} AND m.id = $2`, [this.orgId, id]);
    return row ?? null;
  }

  /** Returns the id of the user with this e-mail address. Creates the user if there is none. */
  async ensureUser(id: string, email: string): Promise<string> {
    const [row] = await this.unitOfWork.sql<{ id: string }>('SELECT app.ensure_user($1, $2) AS id', [id, email]);
    return row!.id;
  }

  async insertMembership({ id, userId, name, role, personId }: NewMembership): Promise<void> {
    await this.unitOfWork.execute(
      'INSERT INTO memberships (org_id, id, user_id, name, role, person_id) VALUES ($1, $2, $3, $4, $5, $6)',
      [this.orgId, id, userId, name, role, personId],
    );
  }

  /** Returns the support membership of a user. Creates the membership if there is none. */
  async ensureSupport(id: string, userId: string, name: string): Promise<{ id: string; kind: string; status: string }> {
    await this.unitOfWork.execute(
      `INSERT INTO memberships (org_id, id, user_id, name, kind, role) VALUES ($1, $2, $3, $4, 'support', $5)
         ON CONFLICT (org_id, user_id) DO NOTHING`,
      [this.orgId, id, userId, name, SUPPORT_ROLE],
    );
    const [row] = await this.unitOfWork.sql<{ id: string; kind: string; status: string }>(
      'SELECT id, kind, status FROM memberships WHERE org_id = $1 AND user_id = $2',
      [this.orgId, userId],
    );
    return row!;
  }

  /**
   * Changes the role of a member. Returns false when the caller may not change it. The database throws `last_owner`
   * when no owner who can manage members would remain.
   */
  async changeRole(id: string, role: string): Promise<boolean> {
    return (
      (await this.unitOfWork.execute('UPDATE memberships SET role = $3 WHERE org_id = $1 AND id = $2', [
        this.orgId,
        id,
        role,
      ])) > 0
    );
  }

  /**
   * Ends a membership. Returns false when the caller may not end it. The database throws `last_owner` when no owner who
   * can manage members would remain.
   */
  async endMembership(id: string): Promise<boolean> {
    return (
      (await this.unitOfWork.execute(
        `UPDATE memberships SET status = 'ended', ended_at = now() WHERE org_id = $1 AND id = $2`,
        [this.orgId, id],
      )) > 0
    );
  }

  /** Ends all sessions of a membership. */
  async endSessions(membershipId: string): Promise<void> {
    await this.unitOfWork.execute(
      'UPDATE sessions SET revoked_at = now() WHERE org_id = $1 AND membership_id = $2 AND revoked_at IS NULL',
      [this.orgId, membershipId],
    );
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
