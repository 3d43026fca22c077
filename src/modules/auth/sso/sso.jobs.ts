import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { OnJob, type JobCounts, type JobPayload } from '../../../platform/jobs/on-job.js';
import type { NoticeKind } from './sso-mail.js';
import { SsoNotices } from './sso-notices.service.js';

/** Notifications about single sign-on. */
@Injectable()
export class SsoJobs {
  constructor(
    private readonly notices: SsoNotices,
    private readonly audit: AuditLog,
  ) {}

  @OnJob('sso.notify', { transaction: 'own' })
  notify({ kind, subjectId, membershipId, days, oldAddress }: JobPayload): Promise<void> {
    const old = nameOf(oldAddress);
    return this.notices.send(kind as NoticeKind, String(subjectId), String(membershipId), Number(days), old);
  }

  /**
   * Notifies both ends of a link: the member, and the administrators if the member proved the account. The member's
   * mail goes to the address before the sign-in, because the provider could have changed it. The database enqueues this
   * job in the transaction that opens the session.
   */
  @OnJob('sso.notify_linked')
  async notifyLinked({ membershipId, connectionId, proven, oldAddress }: JobPayload): Promise<JobCounts> {
    const [about, member] = [String(connectionId), String(membershipId)];
    await this.notices.notifyMember('own_identity_linked', about, member, nameOf(oldAddress));
    return { told: 1 + (proven === true ? await this.notices.notify('identity_linked', String(membershipId)) : 0) };
  }

  /** Notifies a member at the old and the new address. The database enqueues this job when it follows an address. */
  @OnJob('sso.notify_followed')
  async notifyFollowed({ membershipId, connectionId, oldAddress }: JobPayload): Promise<JobCounts> {
    for (const address of [String(oldAddress), undefined])
      await this.notices.notifyMember('own_address_followed', String(connectionId), String(membershipId), address);
    return { told: 2 };
  }

  /** Notifies the administrators about a move of identities. The database enqueues this job. */
  @OnJob('sso.notify_moved')
  async notifyMoved({ connectionId }: JobPayload): Promise<JobCounts> {
    return { told: await this.notices.notify('identities_moved', String(connectionId)) };
  }

  /** The database enqueues this job in the transaction that opens the session. */
  @OnJob('auth.notify_break_glass', { emits: ['auth.break_glass_sign_in'] })
  async notifyBreakGlass({ sessionId, membershipId, userId }: JobPayload): Promise<JobCounts> {
    this.audit.record('auth.break_glass_sign_in', {
      target: { type: 'user', id: String(userId) },
      meta: { sessionId, membershipId },
    });
    return { told: await this.notices.notify('break_glass', String(membershipId)) };
  }
}

/** Returns the name of an old address in a payload. */
const nameOf = (oldAddress: JobPayload[string] | undefined) =>
  oldAddress === undefined ? undefined : String(oldAddress);
