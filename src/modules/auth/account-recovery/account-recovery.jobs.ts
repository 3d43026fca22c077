import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { AppConfig } from '../../../platform/config/index.js';
import { hashToken, randomToken } from '../../../platform/crypto/index.js';
import { MailDelivery } from '../../../platform/jobs/mail-delivery.js';
import { OnJob, type JobCounts, type JobPayload } from '../../../platform/jobs/on-job.js';
import type { MailMessage } from '../../../platform/mail/index.js';
import { lockedMail, noPasswordMail, resetMail, TOKEN_MINUTES, verifyMail } from './account-mail.js';
import { AccountRecoveryRepository, type AccountMail } from './account-recovery.repository.js';

/**
 * Mails about accounts. Only the worker resolves an e-mail address to a user, and only the worker generates the token
 * of a mail.
 */
@Injectable()
export class AccountRecoveryJobs {
  constructor(
    private readonly recovery: AccountRecoveryRepository,
    private readonly mail: MailDelivery,
    private readonly audit: AuditLog,
    private readonly app: AppConfig,
  ) {}

  /**
   * Sends a mail. A retry generates a new token, which invalidates the earlier one. Fails permanently with
   * `mail_rejected`.
   */
  @OnJob('account.mail', { emits: ['auth.account_mail_sent'], transaction: 'own' })
  async send({ mailId }: JobPayload): Promise<void> {
    const id = String(mailId);
    await this.mail.deliver({
      load: () => this.load(id),
      write: ({ message }) => message,
      recordIn: ({ mail }) => mail.orgId,
      record: async ({ mail }) => {
        await this.recovery.markSent(id);
        this.record(mail);
      },
    });
  }

  @OnJob('account.sweep')
  sweep(): Promise<JobCounts> {
    return this.recovery.sweep();
  }

  private async load(id: string): Promise<{ mail: AccountMail; message: MailMessage } | null> {
    const mail = await this.recovery.resolve(id);
    const message = mail === null ? null : await this.write(id, mail);
    return mail === null || message === null ? null : { mail, message };
  }

  private async write(id: string, { kind, email, allowsPasswords }: AccountMail): Promise<MailMessage | null> {
    const { origin } = this.app;
    if (kind === 'locked') return lockedMail(email);
    if (kind === 'reset' && !allowsPasswords) return noPasswordMail(email, origin);
    const token = randomToken(`vs_${kind}_`);
    if (!(await this.recovery.issue(id, hashToken(token), TOKEN_MINUTES[kind]))) return null;
    return kind === 'reset' ? resetMail(email, origin, token) : verifyMail(email, origin, token);
  }

  /** Records the audit event in the organization that the user signs in to by default. */
  private record({ kind, userId }: AccountMail): void {
    this.audit.record('auth.account_mail_sent', { target: { type: 'user', id: userId }, meta: { kind } });
  }
}
