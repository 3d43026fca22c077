import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import type { AuditEventType } from '../../../platform/feature/registry.js';
import type { MembershipChange } from './scim.repository.js';

/** The events that any change by a SCIM client can cause for members. */
export const MEMBER_EVENTS = [
  'scim.role_changed',
  'scim.user_deactivated',
  'scim.user_reactivated',
] as const satisfies readonly AuditEventType[];

/** Records the audit events about changed members. */
@Injectable()
export class ScimLog {
  constructor(private readonly audit: AuditLog) {}

  /** Records one event for each change. `reason` is the reason for memberships that ended. */
  record(changes: readonly MembershipChange[], reason: 'inactive' | 'deleted' | 'no_role'): void {
    for (const { membershipId: id, effect, before: from, after: to } of changes) {
      const target = { type: 'membership', id } as const;
      if (effect === 'provisioned')
        this.audit.record('scim.user_provisioned', { target, meta: { role: to ?? undefined } });
      if (effect === 'adopted') this.audit.record('scim.user_linked', { target, meta: { role: to } });
      if (effect === 'role') this.audit.record('scim.role_changed', { target, meta: { from, to } });
      if (effect === 'ended') this.audit.record('scim.user_deactivated', { target, meta: { reason } });
      if (effect === 'revived') this.audit.record('scim.user_reactivated', { target, meta: { role: to } });
    }
  }

  read(resource: 'User' | 'Group', count: number): void {
    this.audit.record('scim.read', { meta: { resource: resource.toLowerCase(), count } });
  }
}
