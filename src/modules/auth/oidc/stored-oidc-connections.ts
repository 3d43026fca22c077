import { Injectable } from '@nestjs/common';
import { DataKeys, ORGANIZATION } from '../../../platform/keys/data-keys.js';
import { type FoundConnection, SsoRepository } from '../sso/index.js';
import type { OidcConnection } from './oidc-connection.js';

/** Connections as the steps of OpenID Connect know them. */
@Injectable()
export class StoredOidcConnections {
  constructor(
    private readonly repository: SsoRepository,
    private readonly dataKeys: DataKeys,
  ) {}

  /** The connection that may be signed in through, or nothing when there is none of this id, whatever its form. */
  async find(connectionId: string): Promise<OidcConnection | undefined> {
    const found = await this.repository.findForSignIn(connectionId);
    if (found === null || found.connection.protocol !== 'oidc') return undefined;
    const { connection } = found;
    return {
      ...connection,
      issuer: connection.oidcIssuer!,
      clientId: connection.oidcClientId!,
      clientSecret: await this.clientSecret(found),
      tenants: connection.oidcTenants,
      scopes: connection.oidcScopes,
      subject: connection.subject === 'entra-object' ? 'entra-object' : 'sub',
      emailAttribute: connection.emailAttribute ?? undefined,
      nameAttribute: connection.nameAttribute ?? undefined,
      groupAttribute: connection.groupAttribute ?? undefined,
      defaultRole: connection.defaultRole ?? undefined,
    };
  }

  private async clientSecret({ connection, keys }: FoundConnection): Promise<string | undefined> {
    if (connection.oidcClientSecret === null) return undefined;
    const ring = await this.dataKeys.unwrap(ORGANIZATION, 'data', keys, connection.orgId);
    return (
      ring
        .forRow('sso_connections', connection.id, connection.orgId)
        .open('oidc_client_secret_enc', connection.oidcClientSecret) ?? undefined
    );
  }
}
