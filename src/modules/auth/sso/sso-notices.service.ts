import { Injectable } from '@nestjs/common';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { MailDelivery } from '../../../platform/jobs/mail-delivery.js';
import { noticeMail, NOTICES, type NoticeKind } from './sso-mail.js';
import { SsoNoticesRepository } from './sso-notices.repository.js';

/** Notifies members about SSO events by mail. Each member gets a separate job and mail. */
@Injectable()
export class SsoNotices {
  constructor(
    private readonly repository: SsoNoticesRepository,
    private readonly jobs: Jobs,
    private readonly mail: MailDelivery,
  ) {}

  /**
   * Enqueues one job per recipient in the current transaction. Returns the number of jobs. The member whom the
   * notification is about gets none.
   */
  async notify(kind: NoticeKind, subjectId: string, days = 0): Promise<number> {
    const recipients = (await this.repository.recipients(NOTICES[kind].owners)).filter((id) => id !== subjectId);
    for (const membershipId of recipients)
      await this.jobs.enqueue('sso.notify', { kind, subjectId, membershipId, days });
    return recipients.length;
  }

  /** Enqueues a notification of one member in the current transaction, to the old address if one is named. */
  async notifyMember(kind: NoticeKind, subjectId: string, membershipId: string, oldAddress?: string): Promise<void> {
    await this.jobs.enqueue('sso.notify', {
      kind,
      subjectId,
      membershipId,
      days: 0,
      ...(oldAddress !== undefined && { oldAddress }),
    });
  }

  /**
   * Sends one mail. The caller must not have an open transaction. Fails permanently with `mail_rejected` when the mail
   * server rejects the mail.
   */
  async send(
    kind: NoticeKind,
    subjectId: string,
    membershipId: string,
    days: number,
    oldAddress?: string,
  ): Promise<void> {
    await this.mail.deliver({
      load: () => this.repository.mailOf(membershipId, NOTICES[kind].subject, subjectId, oldAddress),
      write: (content) => noticeMail(kind, content, days),
    });
  }
}
