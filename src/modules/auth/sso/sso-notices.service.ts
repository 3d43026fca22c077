import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { organizationEntrance } from '../../../platform/database/entrances.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { PermanentFailure } from '../../../platform/jobs/on-job.js';
import { MailFailed, Mailer } from '../../../platform/mail/index.js';
import { noticeMail, NOTICES, type NoticeKind } from './sso-mail.js';
import { SsoNoticesRepository } from './sso-notices.repository.js';

/** Tells members by mail what they have to know of single sign-on: one job, and one mail, for each. */
@Injectable()
export class SsoNotices {
  constructor(
    private readonly repository: SsoNoticesRepository,
    private readonly jobs: Jobs,
    private readonly mailer: Mailer,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /** Writes the jobs, in the transaction under way; nobody hears about themself. Returns how many. */
  async tell(kind: NoticeKind, subjectId: string, days = 0): Promise<number> {
    const addressees = (await this.repository.addressees(NOTICES[kind].leaders)).filter((id) => id !== subjectId);
    for (const membershipId of addressees)
      await this.jobs.enqueue('sso.notify', { kind, subjectId, membershipId, days });
    return addressees.length;
  }

  /** Sends one. Called with no transaction open. Fails for good with mail_refused. */
  async send(kind: NoticeKind, subjectId: string, membershipId: string, days: number): Promise<void> {
    const { orgId } = currentContext();
    const letter = await this.unitOfWork.run(organizationEntrance(orgId), () =>
      this.repository.letter(membershipId, NOTICES[kind].subject, subjectId),
    );
    if (letter === null) return;
    try {
      await this.mailer.send(noticeMail(kind, letter, days));
    } catch (error) {
      throw error instanceof MailFailed && error.permanent
        ? new PermanentFailure('mail_refused', { cause: error })
        : error;
    }
  }
}
