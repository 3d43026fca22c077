import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { currentMember } from '../../platform/context/context.js';
import { declared } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/problem/index.js';
import { OverridesRepository } from './overrides.repository.js';
import { RolesService } from './roles.service.js';

/** Manages an organization's overrides for roles and members. A change applies from the next request on. */
@Injectable()
export class OverridesService {
  constructor(
    private readonly overrides: OverridesRepository,
    private readonly roles: RolesService,
    private readonly audit: AuditLog,
  ) {}

  /** Throws unknown_role, unknown_permission, scope_not_applicable, insufficient_privileges_to_grant, last_owner. */
  async setRole(role: string, permission: string, scope: string) {
    await this.roles.assertRole(role);
    this.assertApplicable(permission, scope);
    await this.runChange(permission, () => this.overrides.setRole(role, permission, scope));
    this.audit.record('role.override_set', { target: { type: 'role', id: role }, meta: { role, permission, scope } });
    return { permission, scope, source: 'role' };
  }

  /** Throws the errors of `setRole`, and not_found when there is no override. */
  async removeRole(role: string, permission: string): Promise<void> {
    await this.roles.assertRole(role);
    await this.runChange(permission, async () => {
      if (!(await this.overrides.removeRole(role, permission))) throw new Problem('not_found');
    });
    this.audit.record('role.override_removed', { target: { type: 'role', id: role }, meta: { role, permission } });
  }

  /** Throws unknown_permission, scope_not_applicable, insufficient_privileges_to_grant, not_found, last_owner. */
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

  /** Throws the errors of `setMember`. */
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
   * Runs a change. The caller must hold the permission for the whole organization before it, and an active member must
   * hold it afterwards. Role changes of one organization run one at a time, so that two cannot rely on each other.
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
