import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { SecurityConfig } from '../../platform/config/index.js';
import { currentContext, currentMember, withIdentity } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { RateLimiter } from '../../platform/http/index.js';
import { Problem } from '../../platform/problem/index.js';
import { SignInCookies, MfaService } from '../auth/sign-in/index.js';
import { AcceptanceRepository, isAccepted, type Acceptance } from './acceptance.repository.js';
import { inviteKey, readInvite, type InviteClaims } from './invite-token.js';
import type { AcceptedInviteResponse } from './invites.dto.js';
import { assertStrong, Passwords, TOKEN_RATE_LIMIT } from '../auth/passwords/index.js';
import { newSession, type OpenedSession } from '../auth/sessions/index.js';

/** Accepts invites with the token from the invitation mail. */
@Injectable()
export class AcceptanceService {
  private readonly key: Buffer;

  constructor(
    private readonly acceptance: AcceptanceRepository,
    private readonly passwords: Passwords,
    private readonly secondFactor: MfaService,
    private readonly signInCookies: SignInCookies,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly limiter: RateLimiter,
    security: SecurityConfig,
  ) {
    this.key = inviteKey(security.jwtSecret);
  }

  /**
   * Accepts an invite for a user without an account. Sets the password, creates the membership, and opens a session.
   * The password is hashed before the token is checked, so an invalid token takes the same time. Throws
   * `weak_password` when the password does not meet the policy. Throws `invite_invalid` when the invite is invalid or
   * has expired. Throws `sign_in_to_accept` when the user has an account. Throws `membership_exists` when the user is
   * already a member. Throws `invite_already_accepted` when the same form was sent in the last five minutes. Throws
   * `mfa_required` after the acceptance when the user must first present a second factor. Throws `too_many_requests`
   * when the token was sent too often.
   */
  async accept(token: string, password: string): Promise<OpenedSession> {
    await this.limiter.consume(TOKEN_RATE_LIMIT, token);
    const known = readInvite(this.key, token);
    if (known !== null) await currentContext().uncount(); // only the server can make an invite
    assertStrong(password, { email: known?.email ?? '', names: [] });
    const credential = await this.passwords.credential(password, token);
    const claims = this.read(token);
    const visit = newSession();
    const tenant = this.acceptance.tenantContext(token, claims, credential, visit);
    const outcome = await this.unitOfWork.run(tenant, (row) => {
      this.record(row, claims);
      this.recordSignIn(row);
      return row;
    });
    assertAccepted(outcome);
    if (outcome.state === 'second_factor')
      throw this.signInCookies.mfaRequired({
        secret: visit.secret,
        methods: await this.secondFactor.methods(visit.secret),
      });
    return { secret: visit.secret, organizationId: outcome.org_id, expiresAt: outcome.expires_at!, remembered: false };
  }

  /**
   * Accepts an invite for the signed-in user. The session stays in its organization. Throws `invite_invalid` when the
   * invite is invalid or has expired. Throws `membership_exists` when the user is already a member. Throws
   * `invite_already_accepted` when the user accepted it in the last five minutes.
   */
  async acceptOwn(token: string): Promise<AcceptedInviteResponse> {
    const claims = this.read(token);
    const outcome = { user_id: currentMember().userId, ...(await this.acceptance.acceptOwn(token, claims)) };
    this.inLogOf(outcome, () => this.record(outcome, claims));
    await this.unitOfWork.commit(); // keeps the audit event if the next line throws
    assertAccepted(outcome);
    return { organizationId: outcome.org_id, membershipId: outcome.membership_id };
  }

  private read(token: string): InviteClaims {
    const claims = readInvite(this.key, token);
    if (claims === null) throw new Problem('invite_invalid');
    return claims;
  }

  /**
   * Records the acceptance or its failure. It omits each event that would reveal whether an e-mail address has an
   * account.
   */
  private record(outcome: Acceptance, { id, role, orgId: invitedTo }: InviteClaims): void {
    const { state, org_id: orgId, user_id: userId, membership_id: membershipId } = outcome;
    const target = orgId === invitedTo ? ({ type: 'invite', id } as const) : undefined;
    if (isAccepted(outcome.state))
      this.audit.record('invite.accepted', { target, meta: { role, membershipId, userId } });
    else if (state !== 'can_sign_in' && state !== 'repeated')
      this.audit.record('invite.acceptance_failed', { target, outcome: 'failure', meta: { reason: state } });
  }

  private recordSignIn({ state, user_id: userId }: Acceptance): void {
    const target = { type: 'user', id: userId! } as const;
    if (state === 'accepted') this.audit.record('auth.signed_in', { target, meta: { method: 'password' } });
    else if (state === 'second_factor') this.audit.record('auth.mfa_challenged', { target, outcome: 'denied' });
  }

  /**
   * Writes to the audit log of the inviting organization. The event names the user only if the user became a member.
   */
  private inLogOf({ state, org_id: orgId }: Acceptance, write: () => void): void {
    withIdentity({ orgId, ...(state !== 'accepted' && { actor: { type: 'anonymous', id: null } }) }, write);
  }
}

function assertAccepted(outcome: Acceptance): void {
  if (isAccepted(outcome.state)) return;
  const { state } = outcome;
  if (state === 'can_sign_in') throw new Problem('sign_in_to_accept');
  if (state === 'repeated') throw new Problem('invite_already_accepted');
  throw new Problem(state === 'member_already' ? 'membership_exists' : 'invite_invalid');
}
