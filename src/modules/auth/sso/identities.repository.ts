import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { SsoProtocol } from './sso-connection.entity.js';

/** An identity of a member at a provider. */
export interface MemberIdentity {
  id: string;
  connectionId: string;
  connection: string;
  protocol: SsoProtocol;
  subject: string;
  providerName: string | null;
  providerEmail: string | null;
  differs: boolean;
  createdAt: Date;
  lastSignInAt: Date;
  [column: string]: unknown;
}

/** How a move matches an answer of the new connection: by the provider's subject, or by a confirmed e-mail address. */
export type MoveRule = 'subject' | 'email';

/** A member whom a move concerns, and what prevents the move. */
export interface MovableMember {
  membershipId: string;
  name: string;
  role: string;
  groups: string[] | null;
  attributes: Record<string, string[]> | null;
  problem: 'not_active' | 'already_linked' | 'email_not_confirmed' | 'ambiguous' | null;
  [column: string]: unknown;
}

/** The moves to a connection that no member has used. */
export interface WaitingMoves {
  waiting: number;
  matchBy: MoveRule | null;
  allowLowerRole: boolean | null;
  expiresAt: Date | null;
  [column: string]: unknown;
}

/** Reads, removes, and moves the identities of members of the current organization. */
@Injectable()
export class IdentitiesRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the identities of a member; none if the caller may not see them. */
  of(membershipId: string): Promise<MemberIdentity[]> {
    return this.unitOfWork.sql<MemberIdentity>(
      `SELECT id, connection_id AS "connectionId", connection, protocol, subject, provider_name AS "providerName",
         provider_email AS "providerEmail", differs, created_at AS "createdAt", last_sign_in_at AS "lastSignInAt"
         FROM app.member_identities($1)`,
      [membershipId],
    );
  }

  /** Returns whether the current organization has a membership. */
  async isMember(membershipId: string): Promise<boolean> {
    const rows = await this.unitOfWork.sql('SELECT 1 FROM memberships WHERE org_id = $1 AND id = $2', [
      currentContext().orgId,
      membershipId,
    ]);
    return rows.length === 1;
  }

  /** Returns whether the member could no longer sign in without an identity. */
  async isLast(identityId: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ last: boolean | null }>('SELECT app.is_last_sign_in($1) AS last', [
      identityId,
    ]);
    return row?.last === true;
  }

  /** Removes an identity. Returns the id of its connection; undefined if the member has no such identity. */
  async delete(membershipId: string, identityId: string): Promise<string | undefined> {
    const [row] = await this.unitOfWork.sql<{ connectionId: string }>(
      `DELETE FROM sso_identities WHERE org_id = $1 AND membership_id = $2 AND id = $3
       RETURNING connection_id AS "connectionId"`,
      [currentContext().orgId, membershipId, identityId],
    );
    return row?.connectionId;
  }

  /** Returns the members with an identity of `from`; see `app.preview_identity_move`. */
  movable(from: string, to: string, rule: MoveRule): Promise<MovableMember[]> {
    return this.unitOfWork.sql<MovableMember>(
      `SELECT membership_id AS "membershipId", name, role, facts -> 'groups' AS groups,
         facts -> 'attributes' AS attributes, problem FROM app.preview_identity_move($1, $2, $3)`,
      [from, to, rule],
    );
  }

  /** Returns, for each pair of roles, whether the second role has a permission that the first does not have. */
  async giveMore(pairs: readonly { held: string; wanted: string }[]): Promise<boolean[]> {
    const [row] = await this.unitOfWork.sql<{ more: boolean[] | null }>('SELECT app.roles_give_more($1, $2) AS more', [
      pairs.map(({ held }) => held),
      pairs.map(({ wanted }) => wanted),
    ]);
    return row?.more ?? [];
  }

  /** Starts a move and returns the number of members; see `app.move_identities`. */
  async move(from: string, to: string, rule: MoveRule, lowerRole: boolean, days: number): Promise<number> {
    const [row] = await this.unitOfWork.sql<{ moved: number }>(
      'SELECT app.move_identities($1, $2, $3, $4, $5, $6) AS moved',
      [from, to, rule, lowerRole, days, currentContext().requestId],
    );
    return row!.moved;
  }

  async waiting(connectionId: string): Promise<WaitingMoves> {
    const [row] = await this.unitOfWork.sql<WaitingMoves>(
      `SELECT count(*)::int AS waiting, min(match_by) AS "matchBy", bool_or(allow_lower_role) AS "allowLowerRole",
         max(expires_at) AS "expiresAt"
         FROM sso_moves WHERE org_id = $1 AND connection_id = $2 AND expires_at > now()`,
      [currentContext().orgId, connectionId],
    );
    return row!;
  }

  /** Cancels the moves to a connection. Returns their number. */
  cancel(connectionId: string): Promise<number> {
    return this.unitOfWork.execute('DELETE FROM sso_moves WHERE org_id = $1 AND connection_id = $2', [
      currentContext().orgId,
      connectionId,
    ]);
  }
}
