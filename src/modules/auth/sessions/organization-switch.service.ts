import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentMember, withIdentity } from '../../../platform/context/context.js';
import { Problem } from '../../../platform/problem/index.js';
import type { OpenedSession } from './opened-session.js';
import { OrganizationSwitchRepository, type Switched } from './organization-switch.repository.js';
import { newSession } from './new-session.js';

const REFUSALS = {
  not_found: 'not_found',
  organization_sign_in_required: 'organization_sign_in_required',
  session_ended: 'session_expired',
} as const;

/** Moving from one of one's organizations to another without signing in anew. */
@Injectable()
export class OrganizationSwitchService {
  constructor(
    private readonly switching: OrganizationSwitchRepository,
    private readonly audit: AuditLog,
  ) {}

  /** The caller's organizations that the sign-in behind the session answers for. */
  async organizations(secret: string) {
    return { items: await this.switching.organizations(secret), nextCursor: null };
  }

  /**
   * Ends the session and opens one in another organization, of the same sign-in. Both organizations' logs say so,
   * neither
   * names the other. Throws not_found, organization_sign_in_required, session_expired.
   */
  async switch(secret: string, organizationId: string): Promise<OpenedSession> {
    const target = { type: 'user', id: currentMember().userId } as const;
    this.audit.record('auth.organization_switched', { target });
    const visit = newSession();
    const { state, expires_at: expiresAt } = await this.switching.switch(secret, organizationId, visit);
    assertOk(state);
    // Who this is there is for the next request to find out; nothing of the membership left behind goes into the other
    // log.
    withIdentity({ orgId: organizationId, member: null }, () =>
      this.audit.record('auth.signed_in', { target, meta: { method: 'switch' } }),
    );
    return { secret: visit.secret, organizationId, expiresAt, remembered: false };
  }
}

function assertOk(state: Switched['state']): void {
  if (state !== 'ok') throw new Problem(REFUSALS[state]);
}
