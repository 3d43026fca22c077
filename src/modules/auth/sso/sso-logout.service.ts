import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { withIdentity } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { FoundConnection } from './found-connection.js';
import { ensure } from './sso-error.js';
import { SsoRepository, type SsoEnded } from './sso.repository.js';

/** What an identity provider says is over. */
export interface SsoLogout {
  /** The connection of the provider that sent the message. */
  readonly connection: FoundConnection;
  /**
   * The user, as the provider names them (`idpSubject` of the verified identity). When absent, the named sessions of
   * every user end.
   */
  readonly subject?: string;
  /** Which ones, as the provider calls them; all that it opened when none is named. */
  readonly idpSessions: readonly string[];
}

/** The end of sessions at the word of the provider they came through, whatever the protocol. */
@Injectable()
export class SsoLogoutService {
  constructor(
    private readonly repository: SsoRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  /** Ends sessions for a verified message. Throws SsoError connection_unknown. */
  async end({ connection, subject, idpSessions }: SsoLogout): Promise<void> {
    const connectionId = connection.id;
    const secret = await connection.dbSecret();
    const entrance = this.repository.endSessions(connectionId, secret, subject ?? null, idpSessions);
    await this.unitOfWork.run<void, SsoEnded>(entrance, ({ ended, org_id: orgId, user_id: id, email }) => {
      ensure(ended !== null, 'connection_unknown');
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
