import { Injectable } from '@nestjs/common';
import { OWNER_ROLES, type Preset } from '../../platform/feature/roles.js';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext, currentMember } from '../../platform/context/context.js';
import { normalizeEmail } from '../../platform/crypto/index.js';
import { errorCode, isUniqueViolation } from '../../platform/database/errors.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import { RolesService } from '../rbac/index.js';
import type { TransferOwnerDto } from './organization.dto.js';
import type { CreateMembershipDto, MembershipsQuery } from './tenancy.dto.js';
import { TenancyRepository, type MembershipRow } from './tenancy.repository.js';

/** Manages the members of the current organization. */
@Injectable()
export class TenancyService {
  constructor(
    private readonly tenancy: TenancyRepository,
    private readonly roles: RolesService,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
  ) {}

  async members({ status, limit, cursor }: MembershipsQuery): Promise<Page<MembershipRow>> {
    const scope = { purpose: 'memberships', orgId: currentContext().orgId };
    const after = this.cursors.lastId(scope, cursor);
    return this.cursors.page(scope, await this.tenancy.memberships(status, after, limit + 1), limit, ({ id }) => [id]);
  }

  /**
   * Adds a member. Creates the user if the e-mail address is new. Throws `unknown_role` when the role does not exist.
   * Throws `membership_exists` when the user is already a member. Throws `insufficient_privileges_to_grant` when the
   * caller may not grant the role.
   */
  async add({ email, name, role, personId }: CreateMembershipDto): Promise<MembershipRow> {
    await this.roles.assertGivable(role, personId);
    const id = newId();
    const userId = await this.tenancy.ensureUser(newId(), normalizeEmail(email));
    try {
      await this.tenancy.insertMembership({ id, userId, name, role, personId: personId ?? null });
    } catch (error) {
      if (isUniqueViolation(error)) throw new Problem('membership_exists');
      if (errorCode(error) === '23503') throw new Problem('not_found');
      throw error;
    }
    this.audit.record('membership.created', { target: { type: 'membership', id }, meta: { role, userId } });
    return this.member(id);
  }

  /**
   * Adds a member of the operator's support staff. Such a member holds only permissions from access grants. Throws
   * `membership_exists` when the user is or was a regular member.
   */
  async addSupport(email: string, name: string): Promise<{ id: string; userId: string; isNew: boolean }> {
    const newMembership = newId();
    const userId = await this.tenancy.ensureUser(newId(), normalizeEmail(email));
    const { id, kind, status } = await this.tenancy.ensureSupport(newMembership, userId, name);
    if (kind !== 'support' || status !== 'active') throw new Problem('membership_exists');
    return { id, userId, isNew: id === newMembership };
  }

  /**
   * Changes a member's role. The change applies from the next request. Throws the errors of `add`. Throws `last_owner`
   * when no owner who can manage members would remain.
   */
  async changeRole(id: string, role: string): Promise<MembershipRow> {
    await this.roles.lockOrganization();
    const member = await this.member(id);
    if (member.kind === 'support') throw new Problem('not_found');
    await this.roles.assertGivable(role, member.personId);
    this.roles.assertWithinOwn(new Map(Object.entries(member.grants)));
    await this.giveRole(member, role);
    return this.member(id);
  }

  /**
   * Transfers the caller's owner role to another member. The caller gets the role in `ownRole`. The sessions of both
   * members end. Throws `not_found` when there is no such member. Throws `unknown_role` when that role does not exist.
   * Throws `insufficient_privileges_to_grant` when the caller is not an owner.
   */
  async transfer({ membershipId, ownRole }: TransferOwnerDto): Promise<MembershipRow> {
    await this.roles.lockOrganization();
    const [own, newOwner] = [await this.member(currentMember().membershipId), await this.member(membershipId)];
    const ownerRole = OWNER_ROLES[currentMember().preset as Preset];
    if (own.role !== ownerRole) throw new Problem('insufficient_privileges_to_grant');
    if (newOwner.id === own.id || newOwner.status !== 'active') throw new Problem('not_found');
    for (const role of [ownerRole, ownRole]) await this.roles.assertGivable(role);
    await this.giveRole(newOwner, ownerRole);
    const answer = await this.member(newOwner.id);
    await this.giveRole(own, ownRole);
    this.audit.record('organization.owner_transferred', {
      target: { type: 'membership', id: newOwner.id },
      meta: { membershipId: own.id },
    });
    return answer;
  }

  /**
   * Ends a membership and its sessions. Throws `not_found` when there is no such member. Throws `last_owner` when no
   * owner who can manage members would remain. Throws `insufficient_privileges_to_grant` when the member holds more
   * permissions than the caller.
   */
  async end(id: string): Promise<MembershipRow> {
    await this.roles.lockOrganization();
    const member = await this.member(id);
    if (member.status !== 'active') throw new Problem('not_found');
    this.roles.assertWithinOwn(new Map(Object.entries(member.grants)));
    if (!(await this.tenancy.endMembership(id))) throw new Problem('forbidden');
    await this.tenancy.endSessions(id);
    this.audit.record('membership.ended', { target: { type: 'membership', id } });
    return this.member(id);
  }

  private async member(id: string): Promise<MembershipRow> {
    const member = await this.tenancy.membership(id);
    if (member === null) throw new Problem('not_found');
    return member;
  }

  /**
   * Ends the member's sessions, then changes the role. With the old role, the caller may lose the permission to end
   * sessions, so the sessions end first.
   */
  private async giveRole({ id, role: from }: MembershipRow, to: string): Promise<void> {
    await this.tenancy.endSessions(id);
    if (!(await this.tenancy.changeRole(id, to))) throw new Problem('forbidden');
    this.audit.record('membership.role_changed', { target: { type: 'membership', id }, meta: { from, to } });
  }
}
