import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { type FoundConnection, SsoArrivals, SsoRepository } from '../sso/index.js';
import { SamlConnections, serviceProviderUrls, type SamlConnection, type SpKey } from './saml-connection.js';
import { keysFrom } from './sp-keys.js';

/** Connections as the SAML steps know them. */
@Injectable()
export class StoredSamlConnections extends SamlConnections {
  constructor(
    private readonly repository: SsoRepository,
    private readonly arrivals: SsoArrivals,
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
      spKeys: await this.keysOf(found),
    };
  }

  private async keysOf(found: FoundConnection): Promise<SpKey[]> {
    const { id, orgId, spKey, spCertificates } = found.connection;
    if (spKey === null) return [];
    const { ring } = await this.arrivals.unsealed(found);
    return keysFrom(ring.forRow('sso_connections', id, orgId).open('sp_key_enc', spKey), spCertificates);
  }
}
