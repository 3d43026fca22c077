import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { AppConfig, SecurityConfig } from '../../platform/config/index.js';
import { currentContext } from '../../platform/context/context.js';
import { hashToken } from '../../platform/crypto/index.js';
import { MailDelivery } from '../../platform/jobs/mail-delivery.js';
import { OnJob, type JobPayload } from '../../platform/jobs/on-job.js';
import { inviteKey, signInvite } from './invite-token.js';
import { InvitesRepository, type InviteMail } from './invites.repository.js';
import { inviteMail } from './invite-mail.js';

/** Makes the token of an invite and mails it; the token is nowhere else than in the mail. */
@Injectable()
export class InviteJobs {
  private readonly key: Buffer;

  constructor(
    private readonly invites: InvitesRepository,
    private readonly mail: MailDelivery,
    private readonly audit: AuditLog,
    private readonly app: AppConfig,
    security: SecurityConfig,
  ) {
    this.key = inviteKey(security.jwtSecret);
  }

  /** Run again, it makes another token, and the mail before is worth nothing. Fails for good with mail_rejected. */
  @OnJob('invite.send', { emits: ['invite.sent'], transaction: 'own' })
  async send({ inviteId }: JobPayload): Promise<void> {
    const id = String(inviteId);
    await this.mail.deliver({
      load: () => this.load(id),
      write: ({ letter, url }) => inviteMail(letter, url),
      record: async () => {
        await this.invites.markSent(id);
        this.audit.record('invite.sent', { target: { type: 'invite', id } });
      },
    });
  }

  /** The digest is kept before the mail leaves: a mail that arrives is good. */
  private async load(id: string): Promise<{ letter: InviteMail; url: string } | null> {
    const letter = await this.invites.letter(id);
    if (letter === null) return null;
    const token = signInvite(this.key, { ...letter, orgId: currentContext().orgId });
    if (!(await this.invites.replaceToken(letter, hashToken(token)))) return null;
    return { letter, url: `${this.app.origin}/invites/accept#token=${token}` };
  }
}
