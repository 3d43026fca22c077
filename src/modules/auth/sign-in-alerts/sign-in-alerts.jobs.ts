import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { AppConfig } from '../../../platform/config/index.js';
import { currentContext, withIdentity } from '../../../platform/context/context.js';
import { organizationEntrance } from '../../../platform/database/entrances.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { OnJob, PermanentFailure, type JobPayload } from '../../../platform/jobs/on-job.js';
import { MailFailed, Mailer } from '../../../platform/mail/index.js';
import { deviceOf } from '../sessions/index.js';
import { signInMail, type Unusual } from './sign-in-mail.js';
import { WatchRepository, type WatchedSession } from './sign-in-alerts.repository.js';

/** Tells of what `app_private.watch_sign_in` and `app_private.watch_failure` noticed. */
@Injectable()
export class WatchJobs {
  constructor(
    private readonly sessions: WatchRepository,
    private readonly jobs: Jobs,
    private readonly mailer: Mailer,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
    private readonly app: AppConfig,
  ) {}

  @OnJob('auth.note_sign_in', { emits: ['auth.new_device', 'auth.new_place', 'auth.impossible_travel'] })
  async noteSignIn(payload: JobPayload): Promise<void> {
    const session = await this.sessions.session(String(payload.sessionId));
    if (session === null) return;
    const { minutes } = payload;
    const { userId: id, email, ip, userAgent } = session;
    withIdentity({ actor: { type: 'user', id, email }, ip, userAgent }, () =>
      this.record(session, unusual(payload), typeof minutes === 'number' ? minutes : undefined),
    );
    await this.jobs.enqueue('auth.mail_sign_in', payload);
  }

  /** Fails for good with mail_refused. */
  @OnJob('auth.mail_sign_in', { transaction: 'own' })
  async mailSignIn(payload: JobPayload): Promise<void> {
    const { orgId } = currentContext();
    const session = await this.unitOfWork.run(organizationEntrance(orgId), () =>
      this.sessions.session(String(payload.sessionId)),
    );
    if (session === null) return;
    try {
      await this.mailer.send(signInMail(session, unusual(payload), this.app.origin));
    } catch (error) {
      throw error instanceof MailFailed && error.permanent
        ? new PermanentFailure('mail_refused', { cause: error })
        : error;
    }
  }

  @OnJob('auth.note_failures', { emits: ['auth.many_failures'] })
  noteFailures({ of, failures, accounts, userId }: JobPayload): void {
    const target = userId === undefined ? undefined : ({ type: 'user', id: String(userId) } as const);
    this.audit.record('auth.many_failures', { target, outcome: 'failure', meta: { of, failures, accounts } });
  }

  /** In the name of whoever signed in, from where they did. */
  private record(
    { id: sessionId, userId, userAgent, country }: WatchedSession,
    { newDevice, newPlace, impossibleFrom }: Unusual,
    minutes?: number,
  ): void {
    const target = { type: 'user', id: userId } as const;
    const to = country?.toLowerCase();
    if (newDevice)
      this.audit.record('auth.new_device', {
        target,
        meta: { sessionId, device: deviceOf(userAgent).system?.toLowerCase() },
      });
    if (newPlace) this.audit.record('auth.new_place', { target, meta: { sessionId, country: to } });
    if (impossibleFrom !== undefined)
      this.audit.record('auth.impossible_travel', {
        target,
        meta: { sessionId, from: impossibleFrom.toLowerCase(), to, minutes },
      });
  }
}

function unusual({ newDevice, newPlace, impossibleFrom }: JobPayload): Unusual {
  return {
    newDevice: newDevice === true,
    newPlace: newPlace === true,
    impossibleFrom: typeof impossibleFrom === 'string' ? impossibleFrom : undefined,
  };
}
