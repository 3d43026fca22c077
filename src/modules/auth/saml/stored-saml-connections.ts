import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { type FoundConnection, SsoConnectionFinder } from '../sso/index.js';
import {
  SamlConnections,
  serviceProviderUrls,
  type SamlConnection,
  type ServiceProviderConnection,
} from './saml-connection.js';
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
    return found && this.read(found);
  }

  /** Returns the service provider of a connection, which exists before the provider's data does. */
  async findServiceProvider(connectionId: string): Promise<ServiceProviderConnection | undefined> {
    const found = await this.connections.findWithDrafts(connectionId, 'saml');
    return found && this.read(found);
  }

  private async read(found: FoundConnection): Promise<SamlConnection> {
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
