import { Injectable } from '@nestjs/common';
import { isGranted, scopeRank } from '../../platform/policies/grants.js';
import {
  isPortalRole,
  OWNER_ROLES,
  PRESET_ROLES,
  PRESETS,
  SUPPORT_ROLE,
  type Preset,
} from '../../platform/feature/roles.js';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { roleReference } from '../../platform/audit/role-reference.js';
import { currentContext, currentMember } from '../../platform/context/context.js';
import { errorCode, isUniqueViolation } from '../../platform/database/errors.js';
import { declared } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/problem/index.js';
import type { CreateRoleDto, UpdateRoleDto } from './rbac.dto.js';
import { RolesRepository, type CustomRole } from './roles.repository.js';

/** Manages the roles of the organization: preset roles and custom roles. */
@Injectable()
export class RolesService {
  constructor(
    private readonly roles: RolesRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Returns the catalog of permissions. */
  permissions() {
    return {
      items: [...declared('permissions')].map(([key, { category, description }]) => ({ key, category, description })),
      nextCursor: null,
    };
  }

  /** Returns all roles with their effective grants. */
  async list() {
    const grants = Map.groupBy(await this.roles.grants(), ({ role }) => role);
    const descriptions = new Map(
      Object.entries(PRESETS[currentMember().preset as keyof typeof PRESETS] as Record<string, string>),
    );
    const preset = [...descriptions].map(([key, description]) => ({
      key,
      name: key,
      description,
      custom: false,
      portal: isPortalRole(key),
    }));
    const custom = (await this.roles.custom()).map((role) => ({ ...role, custom: true }));
    return {
      items: [...preset, ...custom].map((role) => ({
        ...role,
        reference: roleReference(currentContext().orgId, role.key),
        grants: grants.get(role.key) ?? [],
      })),
      nextCursor: null,
    };
  }

  /**
   * Creates a role. The role has the grants of the role in `copyOf`, or none. Throws `role_exists` when the key is
   * taken. Throws `unknown_role` when the role in `copyOf` does not exist. Throws `insufficient_privileges_to_grant`
   * when the caller may not grant that role.
   */
  async create({ key, copyOf, ...rest }: CreateRoleDto) {
    if (PRESET_ROLES.has(key) || key === SUPPORT_ROLE) throw new Problem('role_exists');
    await this.roles.lockOrganization();
    if (copyOf !== undefined && !isGranted(currentMember().grants, 'role:update'))
      throw new Problem('insufficient_privileges_to_grant');
    if (copyOf !== undefined) await this.assertGivable(copyOf);
    try {
      await this.roles.insert({ key, description: '', portal: false, ...rest });
    } catch (error) {
      if (isUniqueViolation(error)) throw new Problem('role_exists');
      throw error;
    }
    if (copyOf !== undefined) await this.roles.copyGrants(copyOf, key);
    this.audit.record('role.created', { target: { type: 'role', id: key }, meta: { role: key, copyOf } });
    return this.read(key);
  }

  /** Changes a custom role. Throws `not_found` when the organization has no such custom role. */
  async update(key: string, changes: UpdateRoleDto) {
    if ((await this.roles.update(key, changes)) === null) throw new Problem('not_found');
    this.audit.record('role.updated', {
      target: { type: 'role', id: key },
      meta: { role: key, fields: Object.keys(changes) },
    });
    return this.read(key);
  }

  /**
   * Deletes a custom role. Throws `not_found` when the organization has no such custom role. Throws `role_in_use` while
   * a member or a role mapping uses the role.
   */
  async delete(key: string): Promise<void> {
    await this.roles.lockOrganization();
    try {
      if (!(await this.roles.delete(key))) throw new Problem('not_found');
    } catch (error) {
      if (errorCode(error) === '23503') throw new Problem('role_in_use');
      throw error;
    }
    this.audit.record('role.deleted', { target: { type: 'role', id: key }, meta: { role: key } });
  }

  /** Checks that a role exists. Throws `unknown_role` when it does not. */
  async assertRole(role: string): Promise<void> {
    if (!(await this.roles.exists(role))) throw new Problem('unknown_role');
  }

  /**
   * Checks that the caller may grant a role. With `personId`, the role's scope "own" covers that person's record, so
   * the caller must hold such permissions for the whole organization. Throws `unknown_role` when the role does not
   * exist. Throws `insufficient_privileges_to_grant` when the caller may not grant it.
   */
  async assertGivable(role: string, personId?: string | null): Promise<void> {
    await this.assertRole(role);
    const grants = (await this.roles.grants()).filter((grant) => grant.role === role && grant.scope !== 'none');
    const widened = (scope: string) => (scope === 'own' && personId ? 'org' : scope);
    this.assertWithinOwn(new Map(grants.map(({ permission, scope }) => [permission, widened(scope)])));
  }

  /**
   * Checks that the caller holds all permissions of the owner role. Changes of identity providers require this, because
   * an identity provider can sign in any member. Throws `insufficient_privileges_to_grant` when the caller lacks one.
   */
  async assertSpeaksForAll(): Promise<void> {
    const { member } = currentContext();
    if (member !== null) await this.assertGivable(OWNER_ROLES[member.preset as Preset]);
  }

  /**
   * Checks that the caller holds all given grants. Jobs and operators are exempt. Throws
   * `insufficient_privileges_to_grant` when a grant exceeds the caller's own.
   */
  assertWithinOwn(grants: ReadonlyMap<string, string>): void {
    const { member } = currentContext();
    if (member === null) return;
    this.assertForGood();
    const own = member.grants;
    const beyond = [...grants].some(([permission, scope]) => scopeRank(own.get(permission)) < scopeRank(scope));
    if (beyond) throw new Problem('insufficient_privileges_to_grant');
  }

  /**
   * Checks that the caller has no active access grant, because a member cannot pass on time-limited permissions. Throws
   * `insufficient_privileges_to_grant` when an access grant is active.
   */
  assertForGood(): void {
    if (currentContext().member?.accessGrantId)
      throw new Problem('insufficient_privileges_to_grant', { detail: 'An access grant is active' });
  }

  /** Takes a lock, so that changes of roles and members in this organization run one at a time. */
  lockOrganization(): Promise<void> {
    return this.roles.lockOrganization();
  }

  private async read(key: string): Promise<CustomRole & { custom: true; grants: unknown[] }> {
    const role = (await this.roles.custom()).find((one) => one.key === key)!;
    const grants = (await this.roles.grants()).filter((grant) => grant.role === key);
    return { ...role, reference: roleReference(currentContext().orgId, key), custom: true, grants };
  }
}
