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

/** Creates the token of an invite and mails it. The token exists only in the mail. */
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

  /** A retry creates a new token and invalidates the previous mail. Fails permanently with mail_rejected. */
  @OnJob('invite.send', { emits: ['invite.sent'], transaction: 'own' })
  async send({ inviteId }: JobPayload): Promise<void> {
    const id = String(inviteId);
    await this.mail.deliver({
      load: () => this.load(id),
      write: ({ mail, url }) => inviteMail(mail, url),
      record: async () => {
        await this.invites.markSent(id);
        this.audit.record('invite.sent', { target: { type: 'invite', id } });
      },
    });
  }

  /** Stores the digest before the mail is sent, so that every delivered mail has a valid link. */
  private async load(id: string): Promise<{ mail: InviteMail; url: string } | null> {
    const mail = await this.invites.mail(id);
    if (mail === null) return null;
    const token = signInvite(this.key, { ...mail, orgId: currentContext().orgId });
    if (!(await this.invites.replaceToken(mail, hashToken(token)))) return null;
    return { mail, url: `${this.app.origin}/invites/accept#token=${token}` };
  }
}
