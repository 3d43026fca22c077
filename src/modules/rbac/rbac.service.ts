import { Injectable } from '@nestjs/common';
import { isRoleOf, PRESETS, type Preset } from '../../platform/access/roles.js';
import { AuditTrail } from '../../platform/audit/audit-trail.js';
import { currentMember } from '../../platform/context/context.js';
import { declared } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/http/problem.js';
import { RbacRepository } from './rbac.repository.js';

/** The catalogue, and an organization's own settings of it. A change reaches the members concerned at their next request. */
@Injectable()
export class RbacService {
  constructor(
    private readonly rbac: RbacRepository,
    private readonly audit: AuditTrail,
  ) {}

  permissions() {
    return { items: [...declared('permissions')].map(([key, { category, description }]) => ({ key, category, description })), nextCursor: null };
  }

  /** The roles of this organization's preset with what they grant here. */
  async roles() {
    const grants = Map.groupBy(await this.rbac.grants(), ({ role }) => role);
    const roles = Object.entries(PRESETS[currentMember().preset as Preset]);
    return { items: roles.map(([key, description]) => ({ key, description, grants: grants.get(key) ?? [] })), nextCursor: null };
  }

  /** Throws unknown_role, unknown_permission, scope_not_applicable, beyond_own_grants, last_administrator. */
  async setRole(role: string, permission: string, scope: string) {
    this.assertRole(role);
    this.assertApplicable(permission, scope);
    await this.changing(permission, () => this.rbac.setRole(role, permission, scope));
    this.audit.record('role.override_set', { target: { type: 'role', id: role }, meta: { role, permission, scope } });
    return { permission, scope, source: 'role' };
  }

  /** Throws as setRole, and not_found when there is no override. */
  async removeRole(role: string, permission: string): Promise<void> {
    this.assertRole(role);
    await this.changing(permission, async () => {
      if (!(await this.rbac.removeRole(role, permission))) throw new Problem('not_found');
    });
    this.audit.record('role.override_removed', { target: { type: 'role', id: role }, meta: { role, permission } });
  }

  /** Throws unknown_permission, scope_not_applicable, beyond_own_grants, not_found, last_administrator. */
  async setMember(membershipId: string, permission: string, scope: string) {
    this.assertApplicable(permission, scope);
    await this.changing(permission, async () => {
      if (!(await this.rbac.setMember(membershipId, permission, scope))) throw new Problem('not_found');
    });
    this.audit.record('membership.override_set', { target: { type: 'membership', id: membershipId }, meta: { permission, scope } });
    return { permission, scope, source: 'member' };
  }

  /** Throws as setMember. */
  async removeMember(membershipId: string, permission: string): Promise<void> {
    await this.changing(permission, async () => {
      if (!(await this.rbac.removeMember(membershipId, permission))) throw new Problem('not_found');
    });
    this.audit.record('membership.override_removed', { target: { type: 'membership', id: membershipId }, meta: { permission } });
  }

  /**
   * Nobody gives or takes away what they do not hold in full, and somebody has to be left who does. One change of an
   * organization's roles at a time, so that two cannot each rely on the other.
   */
  private async changing(permission: string, change: () => Promise<void>): Promise<void> {
    if (!declared('permissions').has(permission)) throw new Problem('unknown_permission');
    if (currentMember().grants.get(permission) !== 'org') throw new Problem('beyond_own_grants');
    await this.rbac.lockOrganization();
    await change();
    if (!(await this.rbac.isHeld(permission))) throw new Problem('last_administrator');
  }

  private assertRole(role: string): void {
    if (!isRoleOf(currentMember().preset, role)) throw new Problem('unknown_role');
  }

  private assertApplicable(permission: string, scope: string): void {
    const narrowed = scope === 'assigned' || scope === 'own';
    if (narrowed && declared('permissions').get(permission)?.ofPeople !== true) throw new Problem('scope_not_applicable');
  }
}
