import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext } from '../../platform/context/context.js';
import { normalizeEmail } from '../../platform/crypto/index.js';
import { errorCode } from '../../platform/database/errors.js';
import { Cursors, RateLimiter, type Page, type PageQuery, type RateLimit } from '../../platform/http/index.js';
import { Problem } from '../../platform/problem/index.js';
import { Jobs } from '../../platform/jobs/jobs.js';
import { RolesService } from '../rbac/index.js';
import { OrganizationService } from '../tenancy/index.js';
import type { CreateInviteDto } from './invites.dto.js';
import { InvitesRepository, type InviteRow } from './invites.repository.js';

/** Limits the mails to each e-mail address, so that an organization cannot flood a mailbox. */
const BY_ADDRESSEE: RateLimit = { name: 'invite-addressee', points: 10, seconds: 3_600 };

/** Creates, resends, and revokes invites. The inviter never sees a token. */
@Injectable()
export class InvitesService {
  constructor(
    private readonly invites: InvitesRepository,
    private readonly organizations: OrganizationService,
    private readonly roles: RolesService,
    private readonly jobs: Jobs,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
    private readonly limiter: RateLimiter,
  ) {}

  /** Returns a page of invites, newest first. */
  async list({ limit, cursor }: PageQuery): Promise<Page<InviteRow>> {
    const scope = { purpose: 'invites', orgId: currentContext().orgId };
    const before = this.cursors.lastId(scope, cursor);
    return this.cursors.page(scope, await this.invites.list(before, limit + 1), limit, ({ id }) => [id]);
  }

  /**
   * Invites an e-mail address. The response does not reveal whether the address has an account. Throws `unknown_role`
   * when the role does not exist. Throws `insufficient_privileges_to_grant` when the caller may not grant the role.
   * Throws `not_found` when the person does not exist. Throws `invites_disabled` when the organization adds members
   * through SSO only. Throws `too_many_requests` when the rate limit is exceeded.
   */
  async create({ email, name, role, personId }: CreateInviteDto): Promise<InviteRow> {
    await this.assertMayInvite(role, personId);
    const address = normalizeEmail(email);
    await this.limiter.consume(BY_ADDRESSEE, `${currentContext().orgId} ${address}`);
    const id = newId();
    const invite = await this.inserted({ id, email: address, name, role, personId: personId ?? null });
    await this.jobs.enqueue('invite.send', { inviteId: id }, { orderKey: id });
    this.audit.record('invite.created', { target: { type: 'invite', id }, meta: { role, personId } });
    return invite;
  }

  /**
   * Resends an invite in the caller's name with a new expiry. The previous token becomes invalid. Throws the errors of
   * `create`. Throws `invite_not_pending` when the invite was accepted or revoked.
   */
  async resend(id: string): Promise<InviteRow> {
    const { role, email, personId } = await this.require(id);
    await this.assertMayInvite(role, personId);
    await this.limiter.consume(BY_ADDRESSEE, `${currentContext().orgId} ${email}`);
    const invite = await this.invites.prolong(id);
    if (invite === null) throw new Problem('invite_not_pending');
    await this.jobs.enqueue('invite.send', { inviteId: id }, { orderKey: id });
    this.audit.record('invite.resent', { target: { type: 'invite', id }, meta: { role } });
    return invite;
  }

  /**
   * Revokes an invite. Throws `not_found` when there is no such invite. Throws `invite_not_pending` when the invite was
   * accepted or revoked.
   */
  async revoke(id: string): Promise<InviteRow> {
    await this.require(id);
    const invite = await this.invites.revoke(id);
    if (invite === null) throw new Problem('invite_not_pending');
    this.audit.record('invite.revoked', { target: { type: 'invite', id } });
    return invite;
  }

  private async assertMayInvite(role: string, personId?: string | null): Promise<void> {
    await this.roles.assertGivable(role, personId);
    const { requireSso, allowedSignIn } = await this.organizations.current();
    if (requireSso || !allowedSignIn.includes('password')) throw new Problem('invites_disabled');
  }

  private async require(id: string): Promise<InviteRow> {
    const invite = await this.invites.find(id);
    if (invite === null) throw new Problem('not_found');
    return invite;
  }

  private async inserted(invite: Parameters<InvitesRepository['insert']>[0]): Promise<InviteRow> {
    try {
      return await this.invites.insert(invite);
    } catch (error) {
      if (errorCode(error) === '23503') throw new Problem('not_found'); // the organization has no such person
      throw error;
    }
  }
}
