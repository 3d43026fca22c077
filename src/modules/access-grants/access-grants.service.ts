import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { Clock } from '../../platform/clock/clock.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext, currentMember } from '../../platform/context/context.js';
import { errorCode } from '../../platform/database/errors.js';
import { declared, type ErrorCode } from '../../platform/feature/registry.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import { TenancyService } from '../tenancy/index.js';
import type { AccessGrantsQuery, RequestAccessDto } from './access-grants.dto.js';
import { AccessGrantsRepository, type AccessGrantRow, type Decision } from './access-grants.repository.js';

const DECISION_ERRORS: Record<Exclude<Decision, 'approved' | 'declined'>, ErrorCode> = {
  unknown: 'not_found',
  decided: 'access_grant_already_decided',
  expired: 'access_grant_request_expired',
  own: 'access_grant_self_approval',
  beyond: 'insufficient_privileges_to_grant',
  in_force: 'access_grant_already_active',
  ended: 'not_found',
};

export type ShownGrant = Omit<AccessGrantRow, 'scopes'> & { grants: { permission: string; scope: string }[] };

/** Manages access grants. The database decides whether the caller may approve or decline a request. */
@Injectable()
export class AccessGrantsService {
  constructor(
    private readonly grants: AccessGrantsRepository,
    private readonly tenancy: TenancyService,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async list({ limit, cursor, ...filter }: AccessGrantsQuery): Promise<Page<ShownGrant>> {
    const scope = { purpose: 'access-grants', orgId: currentContext().orgId };
    const before = this.cursors.lastId(scope, cursor);
    const page = this.cursors.page(scope, await this.grants.list(filter, before, limit + 1), limit, ({ id }) => [id]);
    return { ...page, items: page.items.map(shown) };
  }

  /**
   * Requests an access grant. Throws `unknown_permission` when a permission does not exist. Throws
   * `scope_not_applicable` when a permission does not support the scope. Throws `not_found` when the organization has
   * no such member or person.
   */
  async request({ membershipId, ...wanted }: RequestAccessDto): Promise<ShownGrant> {
    const requestedBy = currentMember().membershipId;
    return this.insertRequest({ ...wanted, membershipId: membershipId ?? requestedBy, requestedBy });
  }

  /**
   * Requests an access grant for a member of the operator's support staff, and adds that member to the organization.
   * The grant gives no permissions until a member of the organization approves it. Throws the errors of `request`.
   * Throws `membership_exists` when the user is or was a regular member.
   */
  async requestSupport({
    email,
    name,
    ...wanted
  }: Omit<RequestAccessDto, 'membershipId'> & { email: string; name: string }): Promise<
    ShownGrant & { userId: string }
  > {
    const { id, userId, isNew } = await this.tenancy.addSupport(email, name);
    if (isNew) this.audit.record('support.member_added', { target: { type: 'membership', id } });
    return { ...(await this.insertRequest({ ...wanted, membershipId: id, requestedBy: null })), userId };
  }

  /**
   * Approves or declines a request. Throws `not_found` when there is no such request. Throws
   * `access_grant_self_approval` when it is the caller's own. Throws `access_grant_already_decided` when it has been
   * decided. Throws `access_grant_request_expired` when it has expired. Throws `access_grant_already_active` when the
   * member has an active grant. Throws `insufficient_privileges_to_grant` when the caller does not hold the requested
   * permissions.
   */
  async decide(id: string, approve: boolean): Promise<ShownGrant> {
    const decision = await this.grants.decide(id, approve, newId());
    if (decision !== 'approved' && decision !== 'declined') throw new Problem(DECISION_ERRORS[decision]);
    const grant = await this.read(id);
    const target = { type: 'access-grant', id } as const;
    const { membershipId } = grant;
    if (decision === 'approved')
      this.audit.record('access_grant.approved', {
        target,
        meta: { membershipId, expiresAt: grant.expiresAt!.toISOString() },
      });
    else this.audit.record('access_grant.declined', { target, meta: { membershipId } });
    return grant;
  }

  /** Ends an active grant or withdraws a request. Throws `not_found` when there is none with this id to end. */
  async end(id: string): Promise<void> {
    const grant = await this.grants.find(id);
    if (grant === null || !(await this.grants.end(id))) throw new Problem('not_found');
    this.audit.record('access_grant.ended', {
      target: { type: 'access-grant', id },
      meta: { membershipId: grant.membershipId },
    });
  }

  /** Closes expired grants and records an audit event for each. Returns the number of closed grants. */
  async closeExpired(): Promise<number> {
    const ids = await this.grants.closeExpired();
    for (const id of ids) this.audit.record('access_grant.expired', { target: { type: 'access-grant', id } });
    return ids.length;
  }

  private async insertRequest({
    grants,
    membershipId,
    personId,
    reason,
    minutes,
    requestedBy,
  }: RequestAccessDto & { membershipId: string; requestedBy: string | null }): Promise<ShownGrant> {
    for (const { permission, scope } of grants) assertApplicable(permission, scope);
    const id = newId();
    const scopes = Object.fromEntries(grants.map(({ permission, scope }) => [permission, scope]));
    try {
      await this.grants.insert({ id, membershipId, personId: personId ?? null, scopes, reason, minutes, requestedBy });
    } catch (error) {
      if (errorCode(error) === '23503') throw new Problem('not_found');
      throw error;
    }
    this.audit.record('access_grant.requested', {
      target: { type: 'access-grant', id },
      meta: { membershipId, personId, permissions: Object.keys(scopes), minutes },
    });
    return {
      id,
      membershipId,
      personId: personId ?? null,
      grants,
      reason,
      minutes,
      requestedBy,
      ...UNDECIDED,
      createdAt: this.clock.now(),
    };
  }

  private async read(id: string): Promise<ShownGrant> {
    const grant = await this.grants.find(id);
    if (grant === null) throw new Problem('not_found');
    return shown(grant);
  }
}

const UNDECIDED = { status: 'requested', decidedBy: null, decidedAt: null, expiresAt: null, endedAt: null } as const;

function shown({ scopes, ...grant }: AccessGrantRow): ShownGrant {
  return { ...grant, grants: Object.entries(scopes).map(([permission, scope]) => ({ permission, scope })) };
}

function assertApplicable(permission: string, scope: string): void {
  const declaration = declared('permissions').get(permission);
  if (declaration === undefined) throw new Problem('unknown_permission');
  if (scope !== 'org' && declaration.personScoped !== true) throw new Problem('scope_not_applicable');
}
