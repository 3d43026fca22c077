import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { INSTALLATION } from '../../../platform/clock/id.js';
import { AppConfig } from '../../../platform/config/index.js';
import { withIdentity } from '../../../platform/context/context.js';
import { hashToken, randomToken } from '../../../platform/crypto/index.js';
import { organizationEntrance } from '../../../platform/database/entrances.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { handOver } from '../../../platform/jobs/hand-over.js';
import { OnJob, type JobCounts, type JobPayload } from '../../../platform/jobs/on-job.js';
import { Mailer, type MailMessage } from '../../../platform/mail/index.js';
import { lockedMail, noPasswordMail, resetMail, TOKEN_MINUTES, verifyMail } from './account-mail.js';
import { RecoveryRepository, type AccountLetter } from './account-recovery.repository.js';

/**
 * Mails about accounts. The worker alone learns whether anybody has an address, and makes what only the mail may hold.
 */
@Injectable()
export class RecoveryJobs {
  constructor(
    private readonly recovery: RecoveryRepository,
    private readonly mailer: Mailer,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
    private readonly app: AppConfig,
  ) {}

  /** Run again, it makes another token, and the mail before is worth nothing. Fails for good with mail_refused. */
  @OnJob('account.mail', { emits: ['auth.account_mail_sent'], transaction: 'own' })
  async send({ mailId }: JobPayload): Promise<void> {
    const id = String(mailId);
    const prepared = await this.unitOfWork.run(organizationEntrance(INSTALLATION), () => this.prepare(id));
    if (prepared === null) return;
    await handOver(this.mailer, prepared.message);
    await this.unitOfWork.run(organizationEntrance(prepared.letter.orgId), async () => {
      await this.recovery.markSent(id);
      this.record(prepared.letter);
    });
  }

  @OnJob('account.sweep')
  sweep(): Promise<JobCounts> {
    return this.recovery.sweep();
  }

  private async prepare(id: string): Promise<{ letter: AccountLetter; message: MailMessage } | null> {
    const letter = await this.recovery.letter(id);
    const message = letter === null ? null : await this.write(id, letter);
    return letter === null || message === null ? null : { letter, message };
  }

  private async write(id: string, { kind, address, takesPasswords }: AccountLetter): Promise<MailMessage | null> {
    const { origin } = this.app;
    if (kind === 'locked') return lockedMail(address);
    if (kind === 'reset' && !takesPasswords) return noPasswordMail(address, origin);
    const token = randomToken(`vs_${kind}_`);
    if (!(await this.recovery.issue(id, hashToken(token), TOKEN_MINUTES[kind]))) return null;
    return kind === 'reset' ? resetMail(address, origin, token) : verifyMail(address, origin, token);
  }

  /** In the log of the organization that the user would sign in to. */
  private record({ kind, orgId, userId }: AccountLetter): void {
    withIdentity({ orgId }, () =>
      this.audit.record('auth.account_mail_sent', { target: { type: 'user', id: userId }, meta: { kind } }),
    );
  }
}
