import { Injectable } from '@nestjs/common';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { MailDelivery } from '../../../platform/jobs/mail-delivery.js';
import { noticeMail, NOTICES, type NoticeKind } from './sso-mail.js';
import { SsoNoticesRepository } from './sso-notices.repository.js';

/** Tells members by mail what they have to know of single sign-on: one job, and one mail, for each. */
@Injectable()
export class SsoNotices {
  constructor(
    private readonly repository: SsoNoticesRepository,
    private readonly jobs: Jobs,
    private readonly mail: MailDelivery,
  ) {}

  /** Writes the jobs, in the transaction under way; nobody hears about themself. Returns how many. */
  async tell(kind: NoticeKind, subjectId: string, days = 0): Promise<number> {
    const addressees = (await this.repository.addressees(NOTICES[kind].leaders)).filter((id) => id !== subjectId);
    for (const membershipId of addressees)
      await this.jobs.enqueue('sso.notify', { kind, subjectId, membershipId, days });
    return addressees.length;
  }

  /** Sends one. Called with no transaction open. Fails for good with mail_rejected. */
  async send(kind: NoticeKind, subjectId: string, membershipId: string, days: number): Promise<void> {
    await this.mail.deliver({
      load: () => this.repository.letter(membershipId, NOTICES[kind].subject, subjectId),
      write: (letter) => noticeMail(kind, letter, days),
    });
  }
}
