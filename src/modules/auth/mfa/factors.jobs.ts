import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { AppConfig } from '../../../platform/config/index.js';
import { currentContext } from '../../../platform/context/context.js';
import { organizationEntrance } from '../../../platform/database/entrances.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { OnJob, PermanentFailure, type JobCounts, type JobPayload } from '../../../platform/jobs/on-job.js';
import { MailFailed, Mailer, oneLine, type MailMessage } from '../../../platform/mail/index.js';
import { FactorLettersRepository, type FactorLetter } from './factor-letters.repository.js';
import { FactorsRepository } from './factors.repository.js';

/** Mails about factors, and what has lapsed of sign-ins. */
@Injectable()
export class FactorJobs {
  constructor(
    private readonly factors: FactorsRepository,
    private readonly letters: FactorLettersRepository,
    private readonly mailer: Mailer,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
    private readonly app: AppConfig,
  ) {}

  /** Fails for good with mail_refused. */
  @OnJob('factors.mail', { emits: ['auth.factors_reset_mailed'], transaction: 'own' })
  async mail({ membershipId }: JobPayload): Promise<void> {
    const id = String(membershipId);
    const entrance = organizationEntrance(currentContext().orgId);
    const letter = await this.unitOfWork.run(entrance, () => this.letters.letter(id));
    if (letter === null) return;
    await this.handOver(resetMail(letter, this.app.origin));
    await this.unitOfWork.run(entrance, () =>
      this.audit.record('auth.factors_reset_mailed', { target: { type: 'membership', id } }),
    );
  }

  @OnJob('sign-ins.sweep')
  async sweep(): Promise<JobCounts> {
    return { removed: await this.factors.sweep() };
  }

  private async handOver(message: MailMessage): Promise<void> {
    try {
      await this.mailer.send(message);
    } catch (error) {
      throw error instanceof MailFailed && error.permanent
        ? new PermanentFailure('mail_refused', { cause: error })
        : error;
    }
  }
}

/** Whoever did not ask for it learns that somebody did. */
function resetMail({ email, organization }: FactorLetter, origin: string): MailMessage {
  return {
    to: email,
    subject: 'Your second factors were removed',
    text: [
      `An administrator of ${oneLine(organization)} has removed the second factors of your account: codes, ` +
        'passkeys and recovery codes.',
      '',
      `Sign in at ${origin} with your password and enrol them anew.`,
      '',
      'If you did not ask for this, tell your administrator at once, and change your password.',
      '',
    ].join('\n'),
  };
}
