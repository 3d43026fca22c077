import { Injectable } from '@nestjs/common';
import { currentMember } from '../../platform/context/context.js';
import type { Permission } from '../../platform/feature/registry.js';
import { Problem } from '../../platform/problem/index.js';
import { OverridesService, RolesService } from '../rbac/index.js';
import { TenancyService } from '../tenancy/index.js';
import type { ItemKind } from './reviews.dto.js';
import type { ReviewItemRow } from './reviews.repository.js';

/** What the same would need outside a review. */
const NEEDED: Record<ItemKind, Permission> = {
  membership: 'membership:end',
  'member-override': 'membership:override',
  role: 'role:delete',
  'role-override': 'role:update',
};

/** Takes away what a review found, through the services that do so otherwise, with their rules. */
@Injectable()
export class Revocation {
  constructor(
    private readonly tenancy: TenancyService,
    private readonly roles: RolesService,
    private readonly overrides: OverridesService,
  ) {}

  /**
   * What is gone already is left at that. Throws insufficient_privileges_to_grant without the permission to take it away, and what the
   * services throw: last_owner, insufficient_privileges_to_grant, role_in_use.
   */
  async revoke(item: ReviewItemRow): Promise<void> {
    if (currentMember().grants.get(NEEDED[item.kind]) !== 'org') throw new Problem('insufficient_privileges_to_grant');
    try {
      await this.takeAway(item);
    } catch (error) {
      if (!(error instanceof Problem) || (error.code !== 'not_found' && error.code !== 'unknown_role')) throw error;
    }
  }

  private async takeAway({ kind, membershipId, role, permission }: ReviewItemRow): Promise<void> {
    if (kind === 'membership') await this.tenancy.end(membershipId!);
    else if (kind === 'member-override') await this.overrides.removeMember(membershipId!, permission!);
    else if (kind === 'role') await this.roles.delete(role!);
    else await this.overrides.removeRole(role!, permission!);
  }
}
