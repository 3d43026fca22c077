import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { currentMember } from '../../platform/context/context.js';
import { declared } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/problem/index.js';
import { OverridesRepository } from './overrides.repository.js';
import { RolesService } from './roles.service.js';

/** Manages an organization's overrides for roles and members. A change applies from the next request. */
@Injectable()
export class OverridesService {
  constructor(
    private readonly overrides: OverridesRepository,
    private readonly roles: RolesService,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Sets an override for a role. Throws `unknown_role` or `unknown_permission` when the role or the permission does not
   * exist. Throws `scope_not_applicable` when the permission does not support the scope. Throws
   * `insufficient_privileges_to_grant` when the caller does not hold the permission for the whole organization. Throws
   * `last_owner` when no active member would hold it for the whole organization.
   */
  async setRole(role: string, permission: string, scope: string) {
    await this.roles.assertRole(role);
    this.assertApplicable(permission, scope);
    await this.runChange(permission, () => this.overrides.setRole(role, permission, scope));
    this.audit.record('role.override_set', { target: { type: 'role', id: role }, meta: { role, permission, scope } });
    return { permission, scope, source: 'role' };
  }

  /** Removes an override for a role. Throws the errors of `setRole`. Throws `not_found` when there is no override. */
  async removeRole(role: string, permission: string): Promise<void> {
    await this.roles.assertRole(role);
    await this.runChange(permission, async () => {
      if (!(await this.overrides.removeRole(role, permission))) throw new Problem('not_found');
    });
    this.audit.record('role.override_removed', { target: { type: 'role', id: role }, meta: { role, permission } });
  }

  /**
   * Sets an override for a member. Throws the errors of `setRole`, except `unknown_role`. Throws `not_found` when there
   * is no such active membership.
   */
  async setMember(membershipId: string, permission: string, scope: string) {
    this.assertApplicable(permission, scope);
    await this.runChange(permission, async () => {
      if (!(await this.overrides.setMember(membershipId, permission, scope))) throw new Problem('not_found');
    });
    this.audit.record('membership.override_set', {
      target: { type: 'membership', id: membershipId },
      meta: { permission, scope },
    });
    return { permission, scope, source: 'member' };
  }

  /** Removes an override for a member. Throws `not_found` when it does not exist, and other errors of `setMember`. */
  async removeMember(membershipId: string, permission: string): Promise<void> {
    await this.runChange(permission, async () => {
      if (!(await this.overrides.removeMember(membershipId, permission))) throw new Problem('not_found');
    });
    this.audit.record('membership.override_removed', {
      target: { type: 'membership', id: membershipId },
      meta: { permission },
    });
  }

  /**
   * Runs a change. Before the change, the caller must hold the permission for the whole organization. After the change,
   * an active member must hold it. Role changes of one organization run one at a time. Otherwise two changes could each
   * rely on a member whom the other change affects.
   */
  private async runChange(permission: string, change: () => Promise<void>): Promise<void> {
    if (!declared('permissions').has(permission)) throw new Problem('unknown_permission');
    this.roles.assertForGood();
    if (currentMember().grants.get(permission) !== 'org') throw new Problem('insufficient_privileges_to_grant');
    await this.roles.lockOrganization();
    await change();
    if (!(await this.overrides.isHeld(permission))) throw new Problem('last_owner');
  }

  private assertApplicable(permission: string, scope: string): void {
    const narrowed = scope === 'assigned' || scope === 'own';
    if (narrowed && declared('permissions').get(permission)?.personScoped !== true)
      throw new Problem('scope_not_applicable');
  }
}
