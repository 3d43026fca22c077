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
 * Mails about accounts. The worker alone learns whether anybody has an address, and makes what only the mail may hold.
 */
@Injectable()
export class AccountRecoveryJobs {
  constructor(
    private readonly recovery: AccountRecoveryRepository,
    private readonly mail: MailDelivery,
    private readonly audit: AuditLog,
    private readonly app: AppConfig,
  ) {}

  /** Run again, it makes another token, and the mail before is worth nothing. Fails for good with mail_rejected. */
  @OnJob('account.mail', { emits: ['auth.account_mail_sent'], transaction: 'own' })
  async send({ mailId }: JobPayload): Promise<void> {
    const id = String(mailId);
    await this.mail.deliver({
      load: () => this.load(id),
      write: ({ message }) => message,
      recordIn: ({ letter }) => letter.orgId,
      record: async ({ letter }) => {
        await this.recovery.markSent(id);
        this.record(letter);
      },
    });
  }

  @OnJob('account.sweep')
  sweep(): Promise<JobCounts> {
    return this.recovery.sweep();
  }

  private async load(id: string): Promise<{ letter: AccountMail; message: MailMessage } | null> {
    const letter = await this.recovery.letter(id);
    const message = letter === null ? null : await this.write(id, letter);
    return letter === null || message === null ? null : { letter, message };
  }

  private async write(id: string, { kind, address, takesPasswords }: AccountMail): Promise<MailMessage | null> {
    const { origin } = this.app;
    if (kind === 'locked') return lockedMail(address);
    if (kind === 'reset' && !takesPasswords) return noPasswordMail(address, origin);
    const token = randomToken(`vs_${kind}_`);
    if (!(await this.recovery.issue(id, hashToken(token), TOKEN_MINUTES[kind]))) return null;
    return kind === 'reset' ? resetMail(address, origin, token) : verifyMail(address, origin, token);
  }

  /** In the log of the organization that the user would sign in to. */
  private record({ kind, userId }: AccountMail): void {
    this.audit.record('auth.account_mail_sent', { target: { type: 'user', id: userId }, meta: { kind } });
  }
}
