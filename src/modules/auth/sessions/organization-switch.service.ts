import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentContext, currentMember, withIdentity } from '../../../platform/context/context.js';
import { Problem } from '../../../platform/problem/index.js';
import type { OpenedSession } from './opened-session.js';
import { OrganizationSwitchRepository, type Switched } from './organization-switch.repository.js';
import { newSession } from './new-session.js';

const ERROR_CODES = {
  not_found: 'not_found',
  organization_sign_in_required: 'organization_sign_in_required',
  session_ended: 'session_expired',
} as const;

/** Switches a session to another organization of its user, without another sign-in. */
@Injectable()
export class OrganizationSwitchService {
  constructor(
    private readonly switching: OrganizationSwitchRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Returns the caller's organizations, limited to those that this session's sign-in method covers. */
  async organizations(secret: string) {
    return { items: await this.switching.organizations(secret), nextCursor: null };
  }

  /**
   * Ends the session and opens one in another organization, with the same sign-in. Both organizations get an audit
   * event. Neither event names the other organization. Throws `not_found` when the caller is not a member of that
   * organization. Throws `organization_sign_in_required` when that organization requires another sign-in. Throws
   * `session_expired` when the session has ended.
   */
  async switch(secret: string, organizationId: string): Promise<OpenedSession> {
    const target = { type: 'user', id: currentMember().userId } as const;
    this.audit.record('auth.organization_switched', { target });
    const session = newSession();
    const { state, expires_at: expiresAt } = await this.switching.switch(secret, organizationId, session);
    assertOk(state);
    await currentContext().uncount();
    // The next request resolves the membership in the other organization. The old membership must not appear in that
    // organization's audit log.
    withIdentity({ orgId: organizationId, member: null }, () =>
      this.audit.record('auth.signed_in', { target, meta: { method: 'switch' } }),
    );
    return { secret: session.secret, organizationId, expiresAt, remembered: false };
  }
}

function assertOk(state: Switched['state']): void {
  if (state !== 'ok') throw new Problem(ERROR_CODES[state]);
}
