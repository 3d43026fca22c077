import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { currentContext } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { SsoArrivals } from './sso-arrivals.service.js';
import { SsoRepository } from './sso.repository.js';

/** What an identity provider says is over. */
export interface SsoEnding {
  readonly connectionId: string;
  /** Whose sessions, as identities are kept; of all people when a session is named. */
  readonly subjectKey?: string;
  /** Which one, as the provider calls it. */
  readonly idpSession?: string;
}

/** What `app.sso_end_sessions` answers. */
interface SsoEnded {
  ended: number;
  org_id: string;
  user_id: string | null;
  email: string | null;
  [column: string]: unknown;
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

  /** Ends sessions for a message that holds. Throws not_found. */
  async end({ connectionId, subjectKey, idpSession }: SsoEnding): Promise<void> {
    const { secret } = await this.arrivals.unsealed(await this.arrivals.find(connectionId));
    const entrance = this.repository.endSessions(connectionId, secret, subjectKey ?? null, idpSession ?? null);
    await this.unitOfWork.run<void, SsoEnded>(entrance, ({ ended, org_id: orgId, user_id: id, email }) => {
      if (ended === 0) return;
      Object.assign(currentContext(), { orgId, actor: { type: 'user', id, email: email ?? undefined } });
      this.audit.record('sso.sessions_ended', { target: { type: 'sso-connection', id: connectionId }, meta: { connectionId, ended } });
    });
  }
}
