import { Injectable } from '@nestjs/common';
import type { Preset } from '../../platform/access/roles.js';
import { AuditTrail } from '../../platform/audit/audit-trail.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext } from '../../platform/context/context.js';
import { normalizeEmail } from '../../platform/crypto/index.js';
import { errorCode, isUniqueViolation } from '../../platform/database/errors.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/http/problem.js';
import { RolesService } from '../rbac/index.js';
import type { OrganizationEntity } from './organization.entity.js';
import type { CreateMembershipDto, MembershipsQuery, UpdateOrganizationDto } from './tenancy.dto.js';
import { TenancyRepository, type MembershipRow } from './tenancy.repository.js';

/** The organization of the session and its members. */
@Injectable()
export class TenancyService {
  constructor(
    private readonly tenancy: TenancyRepository,
    private readonly roles: RolesService,
    private readonly audit: AuditTrail,
    private readonly cursors: Cursors,
  ) {}

  current(): Promise<OrganizationEntity> {
    return this.tenancy.organization();
  }

  async update(changes: UpdateOrganizationDto): Promise<OrganizationEntity> {
    await this.tenancy.updateOrganization(changes);
    this.audit.record('organization.updated', {
      target: { type: 'organization', id: currentContext().orgId }, meta: { fields: Object.keys(changes) },
    });
    return this.tenancy.organization();
  }

  /** Sets up an organization; for operators, who enter it afterwards. */
  async create(id: string, name: string, preset: Preset): Promise<void> {
    await this.tenancy.createOrganization(id, name, preset);
    this.audit.record('organization.created', { target: { type: 'organization', id }, meta: { preset } });
  }

  async members({ status, limit, cursor }: MembershipsQuery): Promise<Page<MembershipRow>> {
    const scope = { purpose: 'memberships', orgId: currentContext().orgId };
    const after = cursor === undefined ? null : (this.cursors.decode(scope, cursor)[0] as string);
    return this.cursors.page(scope, await this.tenancy.memberships(status, after, limit + 1), limit, ({ id }) => [id]);
  }

  /** Adds a member; the user is made where the address is new. Throws unknown_role, membership_exists, beyond_own_grants. */
  async add({ email, name, role, personId }: CreateMembershipDto): Promise<MembershipRow> {
    await this.roles.assertGivable(role);
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

  /** Gives a member another role; takes effect on the member's next request. Throws as `add`, and last_administrator. */
  async changeRole(id: string, role: string): Promise<MembershipRow> {
    await this.roles.lockOrganization();
    const member = await this.member(id);
    await this.roles.assertGivable(role);
    this.roles.assertWithinOwn(new Map(Object.entries(member.grants)));
    await this.tenancy.changeRole(id, role);
    const changed = await this.member(id);
    if (!('membership:update' in changed.grants)) await this.assertNotLast(member);
    await this.tenancy.endSessions(id);
    this.audit.record('membership.role_changed', { target: { type: 'membership', id }, meta: { from: member.role, to: role } });
    return changed;
  }

  /** Ends a membership and its sessions. Throws not_found, last_administrator, beyond_own_grants. */
  async end(id: string): Promise<MembershipRow> {
    await this.roles.lockOrganization();
    const member = await this.member(id);
    if (member.status !== 'active') throw new Problem('not_found');
    this.roles.assertWithinOwn(new Map(Object.entries(member.grants)));
    await this.assertNotLast(member);
    await this.tenancy.endMembership(id);
    await this.tenancy.endSessions(id);
    this.audit.record('membership.ended', { target: { type: 'membership', id } });
    return this.member(id);
  }

  private async member(id: string): Promise<MembershipRow> {
    const member = await this.tenancy.membership(id);
    if (member === null) throw new Problem('not_found');
    return member;
  }

  private async assertNotLast(member: MembershipRow): Promise<void> {
    if (!('membership:update' in member.grants)) return;
    if ((await this.tenancy.otherAdministrators(member.id)) === 0) throw new Problem('last_administrator');
  }
}
