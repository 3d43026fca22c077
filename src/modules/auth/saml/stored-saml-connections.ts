import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { SsoConnectionFinder } from '../sso/index.js';
import { SamlConnections, serviceProviderUrls, type SamlConnection } from './saml-connection.js';
import { keysFrom } from './sp-keys.js';

/** Finds stored connections in the form that the SAML steps use. */
@Injectable()
export class StoredSamlConnections extends SamlConnections {
  constructor(
    private readonly connections: SsoConnectionFinder,
    private readonly app: AppConfig,
  ) {
    super();
  }

  async find(connectionId: string): Promise<SamlConnection | undefined> {
    const found = await this.connections.find(connectionId, 'saml');
    if (found === undefined) return undefined;
    const { row } = found;
    return {
      ...row,
      found,
      ...serviceProviderUrls(this.app.origin, row.id),
      subject: row.subject === 'entra-object' ? 'entra-object' : 'name-id',
      idpEntityId: row.idpEntityId!,
      idpSsoUrl: row.idpSsoUrl!,
      idpSloUrl: row.idpSloUrl ?? undefined,
      idpSloResponseUrl: row.idpSloResponseUrl ?? undefined,
      emailAttribute: row.emailAttribute ?? undefined,
      nameAttribute: row.nameAttribute ?? undefined,
      groupAttribute: row.groupAttribute ?? undefined,
      defaultRole: row.defaultRole ?? undefined,
      spKeys: keysFrom(await found.open('sp_key_enc', row.spKey), row.spCertificates),
    };
  }
}
