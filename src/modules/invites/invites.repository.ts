import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';

/** How many days an invite stays valid after a member last sent it. */
export const INVITE_DAYS = 7;

/** The columns of an invite that the API may return. They exclude the token digest. */
export interface InviteRow {
  id: string;
  email: string;
  name: string;
  role: string;
  personId: string | null;
  invitedBy: string;
  status: 'pending' | 'accepted' | 'revoked' | 'expired';
  createdAt: Date;
  sentAt: Date | null;
  expiresAt: Date;
  acceptedAt: Date | null;
  membershipId: string | null;
  revokedAt: Date | null;
  [column: string]: unknown;
}

export type NewInvite = Pick<InviteRow, 'id' | 'email' | 'name' | 'role' | 'personId'>;

/** The content of an invitation mail. */
export interface InviteMail extends Pick<InviteRow, 'id' | 'email' | 'role' | 'expiresAt'> {
  organization: string;
  inviter: string;
  [column: string]: unknown;
}

const COLUMNS = `id, email, name, role, person_id AS "personId", invited_by AS "invitedBy", CASE
  WHEN accepted_at IS NOT NULL THEN 'accepted'
  WHEN revoked_at IS NOT NULL THEN 'revoked' WHEN expires_at <= now() THEN 'expired'
    ELSE 'pending' END AS status, created_at AS "createdAt",
  sent_at AS "sentAt", expires_at AS "expiresAt", accepted_at AS "acceptedAt", accepted_membership AS "membershipId",
    revoked_at AS "revokedAt"`;

/** Reads and writes invites of the current organization. */
@Injectable()
export class InvitesRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns a page of invites, newest first. `before` is the last id of the previous page. */
  list(before: string | null, limit: number): Promise<InviteRow[]> {
    return this.unitOfWork.sql<InviteRow>(
      `SELECT ${COLUMNS} FROM invites WHERE org_id = $1 AND ($2::uuid IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
      [this.orgId, before, limit],
    );
  }

  async find(id: string): Promise<InviteRow | null> {
    const [row] = await this.unitOfWork.sql<InviteRow>(`SELECT ${COLUMNS} FROM invites WHERE org_id = $1 AND id = $2`, [
      this.orgId,
      id,
    ]);
    return row ?? null;
  }

  async insert({ id, email, name, role, personId }: NewInvite): Promise<InviteRow> {
    const [row] = await this.unitOfWork.sql<InviteRow>(
      `INSERT INTO invites (org_id, id, email, name, role, person_id, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, now() + make_interval(days => $7))
       RETURNING ${COLUMNS}`,
      [this.orgId, id, email, name, role, personId, INVITE_DAYS],
    );
    return row!;
  }

  /** Extends an invite by a week and invalidates its token. Returns null when the invite was accepted or revoked. */
  async prolong(id: string): Promise<InviteRow | null> {
    const [row] = await this.unitOfWork.sql<InviteRow>(
      `UPDATE invites SET expires_at = now() + make_interval(days => $3)
        WHERE org_id = $1 AND id = $2 AND accepted_at IS NULL AND revoked_at IS NULL RETURNING ${COLUMNS}`,
      [this.orgId, id, INVITE_DAYS],
    );
    return row ?? null;
  }

  /** Revokes an invite. Returns null when the invite was accepted or revoked. */
  async revoke(id: string): Promise<InviteRow | null> {
    const [row] = await this.unitOfWork.sql<InviteRow>(
      `UPDATE invites SET revoked_at = now() WHERE org_id = $1 AND id = $2 AND accepted_at IS NULL
         AND revoked_at IS NULL RETURNING ${COLUMNS}`,
      [this.orgId, id],
    );
    return row ?? null;
  }

  /** Returns the content of the mail. Returns null when the invite is no longer pending. */
  async mail(id: string): Promise<InviteMail | null> {
    const [row] = await this.unitOfWork.sql<InviteMail>(
      `SELECT i.id, i.email, i.role, i.expires_at AS "expiresAt", o.name AS organization, m.name AS inviter
         FROM invites i JOIN organizations o ON o.id = i.org_id JOIN memberships m ON m.org_id = i.org_id
           AND m.id = i.invited_by
        WHERE i.org_id = $1 AND i.id = $2 AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()`,
      [this.orgId, id],
    );
    return row ?? null;
  }

  /**
   * Replaces the token digest. The worker uses it. Returns false when the invite has changed since the worker read it.
   */
  async replaceToken({ id, expiresAt }: InviteMail, tokenHash: Buffer): Promise<boolean> {
    return (
      (await this.unitOfWork.execute(
        `UPDATE invites SET token_hash = $4 WHERE org_id = $1 AND id = $2 AND expires_at = $3 AND accepted_at IS NULL
           AND revoked_at IS NULL`,
        [this.orgId, id, expiresAt, tokenHash],
      )) > 0
    );
  }

  async markSent(id: string): Promise<void> {
    await this.unitOfWork.execute('UPDATE invites SET sent_at = now() WHERE org_id = $1 AND id = $2', [this.orgId, id]);
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
