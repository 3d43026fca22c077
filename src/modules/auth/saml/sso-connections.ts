import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { SamlConnections, serviceProviderUrls, type SamlConnection } from './saml-connection.js';
import { SsoRepository } from './sso.repository.js';

/** Connections as the SAML steps know them. */
@Injectable()
export class SsoConnections extends SamlConnections {
  constructor(
    private readonly repository: SsoRepository,
    private readonly app: AppConfig,
  ) {
    super();
  }

  async find(connectionId: string): Promise<SamlConnection | undefined> {
    const found = await this.repository.findForSignIn(connectionId);
    if (found === null) return undefined;
    const { connection } = found;
    return {
      ...connection,
      ...serviceProviderUrls(this.app.origin, connection.id),
      emailAttribute: connection.emailAttribute ?? undefined,
      groupAttribute: connection.groupAttribute ?? undefined,
      defaultRole: connection.defaultRole ?? undefined,
    };
  }
}
