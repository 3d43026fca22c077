import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { withIdentity } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { SsoArrivals } from './sso-arrivals.service.js';
import { must } from './sso-refusal.js';
import { SsoRepository, type SsoEnded } from './sso.repository.js';

/** What an identity provider says is over. */
export interface SsoEnding {
  readonly connectionId: string;
  /**
   * Whose sessions, as the provider calls them (`idpSubject` of the arrival); of all people when sessions are named.
   */
  readonly subject?: string;
  /** Which ones, as the provider calls them; all that it opened when none is named. */
  readonly idpSessions: readonly string[];
}

/** The end of sessions at the word of the provider they came through, whatever the protocol. */
@Injectable()
export class SsoEndings {
  constructor(
    private readonly repository: SsoRepository,
    private readonly arrivals: SsoArrivals,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditTrail,
  ) {}

  /** Ends sessions for a message that holds. Throws not_found, SsoRefused connection_unknown. */
  async end({ connectionId, subject, idpSessions }: SsoEnding): Promise<void> {
    const { secret } = await this.arrivals.unsealed(await this.arrivals.find(connectionId));
    const entrance = this.repository.endSessions(connectionId, secret, subject ?? null, idpSessions);
    await this.unitOfWork.run<void, SsoEnded>(entrance, ({ ended, org_id: orgId, user_id: id, email }) => {
      must(ended !== null, 'connection_unknown');
      if (ended === 0) return;
      withIdentity({ orgId, actor: { type: 'user', id, email: email ?? undefined } }, () =>
        this.audit.record('sso.sessions_ended', {
          target: { type: 'sso-connection', id: connectionId },
          meta: { connectionId, ended },
        }),
      );
    });
  }
}
