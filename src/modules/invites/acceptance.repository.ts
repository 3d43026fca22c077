import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/clock/id.js';
import type { TenantContext } from '../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { type NewSession, newSessionParam } from '../auth/sessions/index.js';
import type { Credential } from '../auth/passwords/index.js';
import type { InviteClaims } from './invite-token.js';

/** Why an invite was not accepted, see `app.accept_invite`. */
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
  | 'member_already';

/** What became of it, and the organization whose log that belongs to. */
export interface Acceptance {
  /** second_factor: accepted, and the visit's secret is that of a sign-in under way, of no session. */
  state: 'accepted' | 'second_factor' | InviteRejectionReason;
  org_id: string;
  user_id?: string;
  membership_id: string;
  expires_at?: Date;
  [column: string]: unknown;
}

/** Whether the membership was created. */
export function isAccepted(state: Acceptance['state']): boolean {
  return state === 'accepted' || state === 'second_factor';
}

/** The two ways of accepting an invite, through the functions that check the token. */
@Injectable()
export class AcceptanceRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** The entrance that sets the password, makes the membership and opens the session. */
  entrance(
    token: string,
    { orgId, id, email, role, expiresAt }: InviteClaims,
    { salt, verifier }: Credential,
    visit: NewSession,
  ): TenantContext<Acceptance> {
    return {
      statement: {
        text: `SELECT * FROM app.accept_invite($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, ${newSessionParam(11)})`,
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

  /** For the member who is signed in. The rest of the transaction belongs to the inviting organization. */
  async acceptOwn(token: string, { orgId, id, email, role, expiresAt }: InviteClaims): Promise<Acceptance> {
    const [row] = await this.unitOfWork.sql<Acceptance>(
      'SELECT * FROM app.accept_own_invite($1, $2, $3, $4, $5, $6, $7)',
      [orgId, id, token, email, role, expiresAt, newId()],
    );
    return row!;
  }
}
