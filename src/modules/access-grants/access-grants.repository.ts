import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { GrantStatus } from './access-grants.dto.js';

export type AccessGrantRow = {
  id: string;
  membershipId: string;
  personId: string | null;
  scopes: Record<string, string>;
  reason: string;
  minutes: number;
  requestedBy: string | null;
  createdAt: Date;
  status: GrantStatus;
  decidedBy: string | null;
  decidedAt: Date | null;
  expiresAt: Date | null;
  endedAt: Date | null;
};

export type NewAccessGrant = Pick<
  AccessGrantRow,
  'id' | 'membershipId' | 'personId' | 'scopes' | 'reason' | 'minutes' | 'requestedBy'
>;

/**
 * The result of `app.decide_access_grant`: `approved`, `declined`, or the reason why nothing changed. `expired`: the
 * request is more than a day old. `own`: the caller is the member or the requester. `beyond`: the caller does not hold
 * all requested permissions or cannot assign the person. `in_force`: the member already has an active grant. `ended`:
 * the membership has ended.
 */
export type Decision =
  | 'approved'
  | 'declined'
  | 'unknown'
  | 'decided'
  | 'expired'
  | 'own'
  | 'beyond'
  | 'in_force'
  | 'ended';

const COLUMNS = `g.id, g.membership_id AS "membershipId", g.person_id AS "personId", g.scopes, g.reason, g.minutes,
  g.requested_by AS "requestedBy",
  g.created_at AS "createdAt", g.state AS status, g.decided_by AS "decidedBy", g.decided_at AS "decidedAt",
    g.expires_at AS "expiresAt", g.ended_at AS "endedAt"`;

@Injectable()
export class AccessGrantsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns one page of grants, newest first; `before` is the last id of the previous page. */
  list(
    { status, membershipId }: { status?: GrantStatus; membershipId?: string },
    before: string | null,
    limit: number,
  ): Promise<AccessGrantRow[]> {
    return this.unitOfWork.sql<AccessGrantRow>(
      `SELECT ${COLUMNS} FROM access_grants g
        WHERE g.org_id = $1 AND ($2::text IS NULL OR g.state = $2) AND ($3::uuid IS NULL OR g.membership_id = $3)
          AND ($4::uuid IS NULL OR g.id < $4)
        ORDER BY g.id DESC LIMIT $5`,
      [this.orgId, status ?? null, membershipId ?? null, before, limit],
    );
  }

  async find(id: string): Promise<AccessGrantRow | null> {
    const [row] = await this.unitOfWork.sql<AccessGrantRow>(
      `SELECT ${COLUMNS} FROM access_grants g WHERE g.org_id = $1 AND g.id = $2`,
      [this.orgId, id],
    );
    return row ?? null;
  }

  /** Throws a foreign-key violation if the member or the person does not belong to this organization. */
  async insert({ id, membershipId, personId, scopes, reason, minutes, requestedBy }: NewAccessGrant): Promise<void> {
    await this.unitOfWork.execute(
      `INSERT INTO access_grants (org_id, id, membership_id, person_id, scopes, reason, minutes, requested_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [this.orgId, id, membershipId, personId, JSON.stringify(scopes), reason, minutes, requestedBy],
    );
  }

  async decide(id: string, approve: boolean, assignmentId: string): Promise<Decision> {
    const [row] = await this.unitOfWork.sql<{ state: Decision }>(
      'SELECT app.decide_access_grant($1, $2, $3) AS state',
      [id, approve, assignmentId],
    );
    return row!.state;
  }

  /** Ends a grant or withdraws a request. Returns false if there is nothing to end or the caller may not end it. */
  async end(id: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ ended: boolean }>('SELECT app.end_access_grant($1) AS ended', [id]);
    return row!.ended;
  }

  /** Marks expired grants as ended and returns their ids. Requires the worker's database role. */
  async closeExpired(): Promise<string[]> {
    const rows = await this.unitOfWork.sql<{ id: string }>('SELECT app.close_expired_access_grants() AS id');
    return rows.map(({ id }) => id);
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
