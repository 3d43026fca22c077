import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { SsoRepository } from '../sso/sso.repository.js';
import { SamlConnections, serviceProviderUrls, type SamlConnection } from './saml-connection.js';

/** Connections as the SAML steps know them. */
@Injectable()
export class StoredSamlConnections extends SamlConnections {
  constructor(
    private readonly repository: SsoRepository,
    private readonly app: AppConfig,
  ) {
    super();
  }

  async find(connectionId: string): Promise<SamlConnection | undefined> {
    const found = await this.repository.findForSignIn(connectionId);
    if (found === null || found.connection.protocol !== 'saml') return undefined;
    const { connection } = found;
    return {
      ...connection,
      ...serviceProviderUrls(this.app.origin, connection.id),
      subject: connection.subject === 'entra-object' ? 'entra-object' : 'name-id',
      idpEntityId: connection.idpEntityId!,
      idpSsoUrl: connection.idpSsoUrl!,
      emailAttribute: connection.emailAttribute ?? undefined,
      groupAttribute: connection.groupAttribute ?? undefined,
      defaultRole: connection.defaultRole ?? undefined,
    };
  }
}
