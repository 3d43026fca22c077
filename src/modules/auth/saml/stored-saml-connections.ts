import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { SsoEntrance } from '../sso/sso-entrance.js';
import { SsoRepository } from '../sso/sso.repository.js';
import { SamlConnections, serviceProviderUrls, type SamlConnection } from './saml-connection.js';
import { keysFrom } from './sp-keys.js';

/** Connections as the SAML steps know them. */
@Injectable()
export class StoredSamlConnections extends SamlConnections {
  constructor(
    private readonly repository: SsoRepository,
    private readonly entrance: SsoEntrance,
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
      idpSloUrl: connection.idpSloUrl ?? undefined,
      idpSloResponseUrl: connection.idpSloResponseUrl ?? undefined,
      emailAttribute: connection.emailAttribute ?? undefined,
      nameAttribute: connection.nameAttribute ?? undefined,
      groupAttribute: connection.groupAttribute ?? undefined,
      defaultRole: connection.defaultRole ?? undefined,
      spKeys: keysFrom(connection.spKey === null ? null : await this.entrance.open(found, 'sp_key_enc', connection.spKey), connection.spCertificates),
    };
  }
}
