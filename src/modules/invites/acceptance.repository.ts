import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import type { TenantContext } from '../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { type NewSession, newSessionParam } from '../auth/sessions/index.js';
import type { Credential } from '../auth/passwords/index.js';
import type { InviteClaims } from './invite-token.js';

/** The reasons with which `app.accept_invite` rejects an invite. */
export type InviteRejectionReason =
  | 'unknown'
  | 'superseded'
  | 'used'
  | 'revoked'
  | 'expired'
  | 'organization_closed'
  | 'role_gone'
  | 'inviter_unable'
  | 'not_addressee'
  | 'can_sign_in'
  | 'member_already'
  | 'repeated';

/** The result of an acceptance, with the organization whose audit log records it. */
export interface Acceptance {
  /**
   * `accepted`: the membership exists, and the session is open. `second_factor`: the membership exists, but the
   * returned secret is that of a pending sign-in. Every other state is a rejection.
   */
  state: 'accepted' | 'second_factor' | InviteRejectionReason;
  org_id: string;
  user_id?: string;
  membership_id: string;
  expires_at?: Date;
  [column: string]: unknown;
}

/** Returns whether the membership was created. */
export function isAccepted(state: Acceptance['state']): boolean {
  return state === 'accepted' || state === 'second_factor';
}

/** Accepts invites of users with and without an account. SQL functions check the token. */
@Injectable()
export class AcceptanceRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Returns the tenant context that accepts an invite. It sets the password, creates the membership, and opens the
   * session.
   */
  tenantContext(
    token: string,
    { orgId, id, email, role, expiresAt }: InviteClaims,
    { salt, verifier }: Credential,
    visit: NewSession,
  ): TenantContext<Acceptance> {
    return {
      call: {
        text: `app.accept_invite($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, ${newSessionParam(11)})`,
        values: [orgId, id, token, email, role, expiresAt, salt, verifier, newId(), newId(), visit.parameter],
      },
      identity: ({ state, org_id: org, user_id: user }) => ({
        orgId: org,
        ...(isAccepted(state) && {
          actor: { type: state === 'accepted' ? 'user' : 'anonymous', id: user!, email },
        }),
      }),
    };
  }

  /** Accepts an invite for the signed-in user. The rest of the transaction then runs in the inviting organization. */
  async acceptOwn(token: string, { orgId, id, email, role, expiresAt }: InviteClaims): Promise<Acceptance> {
    const [row] = await this.unitOfWork.sql<Acceptance>(
      'SELECT * FROM app.accept_own_invite($1, $2, $3, $4, $5, $6, $7)',
      [orgId, id, token, email, role, expiresAt, newId()],
    );
    return row!;
  }
}
