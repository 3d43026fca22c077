import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../platform/audit/audit-trail.js';
import { AppConfig, SecurityConfig } from '../../platform/config/index.js';
import { currentContext } from '../../platform/context/context.js';
import { hashToken } from '../../platform/crypto/index.js';
import { organizationEntrance } from '../../platform/database/entrances.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { handOver } from '../../platform/jobs/hand-over.js';
import { OnJob, type JobPayload } from '../../platform/jobs/on-job.js';
import { Mailer, type MailMessage } from '../../platform/mail/index.js';
import { inviteKey, signInvite } from './invite-token.js';
import { InvitesRepository, type InviteLetter } from './invites.repository.js';
import { inviteMail } from './invite-mail.js';

/** Makes the token of an invite and mails it; the token is nowhere else than in the mail. */
@Injectable()
export class InviteJobs {
  private readonly key: Buffer;

  constructor(
    private readonly invites: InvitesRepository,
    private readonly mailer: Mailer,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
    private readonly app: AppConfig,
    security: SecurityConfig,
  ) {
    this.key = inviteKey(security.jwtSecret);
  }

  /** Run again, it makes another token, and the mail before is worth nothing. Fails for good with mail_refused. */
  @OnJob('invite.send', { emits: ['invite.sent'], transaction: 'own' })
  async send({ inviteId }: JobPayload): Promise<void> {
    const id = String(inviteId);
    const { orgId } = currentContext();
    const prepared = await this.unitOfWork.run(organizationEntrance(orgId), () => this.prepare(id));
    if (prepared === null) return;
    await handOver(this.mailer, prepared);
    await this.unitOfWork.run(organizationEntrance(orgId), async () => {
      await this.invites.markSent(id);
      this.audit.record('invite.sent', { target: { type: 'invite', id } });
    });
  }

  /** The digest is kept before the mail leaves: a mail that arrives is good. */
  private async prepare(id: string): Promise<MailMessage | null> {
    const letter: InviteLetter | null = await this.invites.letter(id);
    if (letter === null) return null;
    const token = signInvite(this.key, { ...letter, orgId: currentContext().orgId });
    if (!(await this.invites.replaceToken(letter, hashToken(token)))) return null;
    return inviteMail(letter, `${this.app.origin}/invites/accept#token=${token}`);
  }
}
