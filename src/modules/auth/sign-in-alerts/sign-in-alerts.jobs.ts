import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { AppConfig } from '../../../platform/config/index.js';
import { withIdentity } from '../../../platform/context/context.js';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { MailDelivery } from '../../../platform/jobs/mail-delivery.js';
import { OnJob, type JobPayload } from '../../../platform/jobs/on-job.js';
import { deviceOf } from '../sessions/index.js';
import { signInMail, type Unusual } from './sign-in-mail.js';
import { SignInAlertsRepository, type ObservedSession } from './sign-in-alerts.repository.js';

/** Reports the findings of `app_private.detect_sign_in_anomaly` and `app_private.detect_brute_force`. */
@Injectable()
export class SignInAlertJobs {
  constructor(
    private readonly sessions: SignInAlertsRepository,
    private readonly jobs: Jobs,
    private readonly mail: MailDelivery,
    private readonly audit: AuditLog,
    private readonly app: AppConfig,
  ) {}

  @OnJob('auth.record_sign_in_alert', { emits: ['auth.new_device', 'auth.new_location', 'auth.impossible_travel'] })
  async recordSignInAlert(payload: JobPayload): Promise<void> {
    const session = await this.sessions.session(String(payload.sessionId));
    if (session === null) return;
    const { minutes } = payload;
    const { userId: id, email, ip, userAgent } = session;
    withIdentity({ actor: { type: 'user', id, email }, ip, userAgent }, () =>
      this.record(session, unusual(payload), typeof minutes === 'number' ? minutes : undefined),
    );
    await this.jobs.enqueue('auth.mail_sign_in_alert', payload);
  }

  /** Fails permanently with `mail_rejected`. */
  @OnJob('auth.mail_sign_in_alert', { transaction: 'own' })
  async mailSignInAlert(payload: JobPayload): Promise<void> {
    await this.mail.deliver({
      load: () => this.sessions.session(String(payload.sessionId)),
      write: (session) => signInMail(session, unusual(payload), this.app.origin),
    });
  }

  @OnJob('auth.record_brute_force', { emits: ['auth.brute_force_suspected'] })
  recordBruteForce({ of, failures, accounts, userId }: JobPayload): void {
    const target = userId === undefined ? undefined : ({ type: 'user', id: String(userId) } as const);
    this.audit.record('auth.brute_force_suspected', { target, outcome: 'failure', meta: { of, failures, accounts } });
  }

  /** Records the audit events, with the user who signed in as the actor. */
  private record(
    { id: sessionId, userId, userAgent, country }: ObservedSession,
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
    if (newPlace) this.audit.record('auth.new_location', { target, meta: { sessionId, country: to } });
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
