import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { AppConfig } from '../../../platform/config/index.js';
import { MailDelivery } from '../../../platform/jobs/mail-delivery.js';
import { OnJob, type JobCounts, type JobPayload } from '../../../platform/jobs/on-job.js';
import { oneLine, type MailMessage } from '../../../platform/mail/index.js';
import { FactorMailRepository, type FactorMail } from './factor-mail.repository.js';
import { FactorsRepository } from './factors.repository.js';

/** Mails about factor resets, and cleanup of expired sign-ins. */
@Injectable()
export class FactorJobs {
  constructor(
    private readonly factors: FactorsRepository,
    private readonly members: FactorMailRepository,
    private readonly delivery: MailDelivery,
    private readonly audit: AuditLog,
    private readonly app: AppConfig,
  ) {}

  /** Fails permanently with `mail_rejected`. */
  @OnJob('factors.mail', { emits: ['auth.factors_reset_mailed'], transaction: 'own' })
  async mail({ membershipId }: JobPayload): Promise<void> {
    const id = String(membershipId);
    await this.delivery.deliver({
      load: () => this.members.recipient(id),
      write: (recipient) => resetMail(recipient, this.app.origin),
      record: () => this.audit.record('auth.factors_reset_mailed', { target: { type: 'membership', id } }),
    });
  }

  @OnJob('sign-ins.sweep')
  async sweep(): Promise<JobCounts> {
    return { removed: await this.factors.sweep() };
  }
}

/** Returns the mail that notifies a member, so that an unauthorized reset does not stay unnoticed. */
function resetMail({ email, organization }: FactorMail, origin: string): MailMessage {
  return {
    to: email,
    subject: 'Your second factors were removed',
    text: [
      `An administrator of ${oneLine(organization)} removed the second factors of your account: the authenticator ` +
        'app, passkeys, and recovery codes.',
      '',
      `Sign in at ${origin} with your password and enroll a second factor again.`,
      '',
      'If you did not request this, notify your administrator immediately and change your password.',
      '',
    ].join('\n'),
  };
}
