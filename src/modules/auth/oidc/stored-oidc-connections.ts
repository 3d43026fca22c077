import { Injectable } from '@nestjs/common';
import { SsoConnectionFinder } from '../sso/index.js';
import type { OidcConnection } from './oidc-connection.js';

/** Finds stored connections in the form that the OpenID Connect steps use. */
@Injectable()
export class StoredOidcConnections {
  constructor(private readonly connections: SsoConnectionFinder) {}

  /** Returns the connection that users may sign in through; undefined when none has this id, whether or not a UUID. */
  async find(connectionId: string): Promise<OidcConnection | undefined> {
    const found = await this.connections.find(connectionId, 'oidc');
    if (found === undefined) return undefined;
    const { row } = found;
    return {
      ...row,
      found,
      issuer: row.oidcIssuer!,
      clientId: row.oidcClientId!,
      clientSecret: (await found.open('oidc_client_secret_enc', row.oidcClientSecret)) ?? undefined,
      tenants: row.oidcTenants,
      scopes: row.oidcScopes,
      subject: row.subject === 'entra-object' ? 'entra-object' : 'sub',
      emailAttribute: row.emailAttribute ?? undefined,
      nameAttribute: row.nameAttribute ?? undefined,
      groupAttribute: row.groupAttribute ?? undefined,
      defaultRole: row.defaultRole ?? undefined,
    };
  }
}
