import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { withIdentity } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { FoundConnection } from './found-connection.js';
import { ensure } from '../sso-messages/index.js';
import { SsoRepository, type SsoEnded } from './sso.repository.js';

/** A verified request of an identity provider to end sessions. */
export interface SsoLogout {
  /** The connection of the provider that sent the message. */
  readonly connection: FoundConnection;
  /**
   * The user, identified like `idpSubject` of the verified identity. If absent, the sessions in `idpSessions` end for
   * every user.
   */
  readonly subject?: string;
  /** The provider's ids of the sessions to end. If empty, all sessions that the provider opened for the user end. */
  readonly idpSessions: readonly string[];
}

/** Ends sessions when the identity provider that opened them requests it. Every protocol uses this service. */
@Injectable()
export class SsoLogoutService {
  constructor(
    private readonly repository: SsoRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Ends the sessions that a verified message names. Returns their number. Throws an SsoError with `connection_unknown`
   * when the connection may not end sessions.
   */
  async end({ connection, subject, idpSessions }: SsoLogout): Promise<number> {
    const connectionId = connection.id;
    const secret = await connection.dbSecret();
    const context = this.repository.endSessions(connectionId, secret, subject ?? null, idpSessions);
    return this.unitOfWork.run<number, SsoEnded>(context, ({ ended, org_id: orgId, user_id: id, email }) => {
      ensure(ended !== null, 'connection_unknown');
      if (ended === 0) return 0;
      withIdentity({ orgId, actor: { type: 'user', id, email: email ?? undefined } }, () =>
        this.audit.record('sso.sessions_ended', {
          target: { type: 'sso-connection', id: connectionId },
          meta: { connectionId, ended },
        }),
      );
      return ended;
    });
  }
}
