import { Injectable } from '@nestjs/common';
import { currentMember } from '../../platform/context/context.js';
import type { Permission } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/problem/index.js';
import { OverridesService, RolesService } from '../rbac/index.js';
import { TenancyService } from '../tenancy/index.js';
import type { ItemKind } from './reviews.dto.js';
import type { ReviewItemRow } from './reviews.repository.js';

/** The permission that the same change needs outside a review. */
const NEEDED: Record<ItemKind, Permission> = {
  membership: 'membership:end',
  'member-override': 'membership:override',
  role: 'role:delete',
  'role-override': 'role:update',
};

/** Revokes reviewed access through the services for members, roles and overrides, so that their rules apply. */
@Injectable()
export class Revocation {
  constructor(
    private readonly tenancy: TenancyService,
    private readonly roles: RolesService,
    private readonly overrides: OverridesService,
  ) {}

  /**
   * Revokes an item; an item that no longer exists counts as revoked. Throws insufficient_privileges_to_grant without
   * the permission for the change, and the errors of the services: last_owner, insufficient_privileges_to_grant,
   * role_in_use.
   */
  async revoke(item: ReviewItemRow): Promise<void> {
    if (currentMember().grants.get(NEEDED[item.kind]) !== 'org') throw new Problem('insufficient_privileges_to_grant');
    try {
      await this.remove(item);
    } catch (error) {
      if (!(error instanceof Problem) || (error.code !== 'not_found' && error.code !== 'unknown_role')) throw error;
    }
  }

  private async remove({ kind, membershipId, role, permission }: ReviewItemRow): Promise<void> {
    if (kind === 'membership') await this.tenancy.end(membershipId!);
    else if (kind === 'member-override') await this.overrides.removeMember(membershipId!, permission!);
    else if (kind === 'role') await this.roles.delete(role!);
    else await this.overrides.removeRole(role!, permission!);
  }
}
