import { Injectable } from '@nestjs/common';
import { isRoleOf, PRESETS, type Preset } from '../../platform/access/roles.js';
import { AuditTrail } from '../../platform/audit/audit-trail.js';
import { currentMember } from '../../platform/context/context.js';
import { declared } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/http/problem.js';
import { RbacRepository } from './rbac.repository.js';

const WIDTH: Record<string, number> = { none: 0, own: 1, assigned: 2, org: 3 };

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

  /** Throws unknown_role, unknown_permission, beyond_own_grants, last_administrator. */
  async setRole(role: string, permission: string, scope: string) {
    this.assertKnown(role, permission);
    this.assertHolds(permission, scope);
    await this.rbac.setRole(role, permission, scope);
    await this.assertAdministered();
    this.audit.record('role.override_set', { target: { type: 'role', id: role }, meta: { role, permission, scope } });
    return { permission, scope, source: 'role' };
  }

  /** Throws as setRole, and not_found when there is no override. */
  async removeRole(role: string, permission: string): Promise<void> {
    this.assertKnown(role, permission);
    if (!(await this.rbac.removeRole(role, permission))) throw new Problem('not_found');
    const restored = (await this.rbac.grants()).find((grant) => grant.role === role && grant.permission === permission);
    this.assertHolds(permission, restored?.scope ?? 'none');
    await this.assertAdministered();
    this.audit.record('role.override_removed', { target: { type: 'role', id: role }, meta: { role, permission } });
  }

  /** Throws unknown_permission, beyond_own_grants, not_found, last_administrator. */
  async setMember(membershipId: string, permission: string, scope: string) {
    this.assertPermission(permission);
    this.assertHolds(permission, scope);
    if (!(await this.rbac.setMember(membershipId, permission, scope))) throw new Problem('not_found');
    await this.assertAdministered();
    this.audit.record('membership.override_set', { target: { type: 'membership', id: membershipId }, meta: { permission, scope } });
    return { permission, scope, source: 'member' };
  }

  /** Lifting an override may widen what the member holds, so the caller must hold the permission in full. */
  async removeMember(membershipId: string, permission: string): Promise<void> {
    this.assertPermission(permission);
    this.assertHolds(permission, 'org');
    if (!(await this.rbac.removeMember(membershipId, permission))) throw new Problem('not_found');
    await this.assertAdministered();
    this.audit.record('membership.override_removed', { target: { type: 'membership', id: membershipId }, meta: { permission } });
  }

  private assertKnown(role: string, permission: string): void {
    if (!isRoleOf(currentMember().preset, role)) throw new Problem('unknown_role');
    this.assertPermission(permission);
  }

  private assertPermission(permission: string): void {
    if (!declared('permissions').has(permission)) throw new Problem('unknown_permission');
  }

  /** Nobody gives what they do not hold. */
  private assertHolds(permission: string, scope: string): void {
    if (WIDTH[scope]! > WIDTH[currentMember().grants.get(permission) ?? 'none']!) throw new Problem('beyond_own_grants');
  }

  private async assertAdministered(): Promise<void> {
    if (!(await this.rbac.hasAdministrator())) throw new Problem('last_administrator');
  }
}
