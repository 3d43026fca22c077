import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { DataKeys } from '../../../platform/keys/data-keys.js';
import { Problem } from '../../../platform/problem/index.js';
import type { SsoConnectionEntity } from '../sso/sso-connection.entity.js';
import { relyingPartyUrls } from './oidc-connection.js';
import { isOfManyTenants, isProviderUrl } from './provider-metadata.js';

/** What a caller says of an OpenID provider. */
export interface OidcSettingsInput {
  issuer?: string;
  clientId?: string;
  clientSecret?: string;
  tenants?: string[];
  scopes?: string[];
}

type OidcColumns = Pick<
  SsoConnectionEntity,
  'oidcIssuer' | 'oidcClientId' | 'oidcClientSecret' | 'oidcTenants' | 'oidcScopes'
>;

/** Setting up a connection's OpenID provider; its documents are fetched when somebody first signs in. */
@Injectable()
export class OidcSettings {
  constructor(
    private readonly dataKeys: DataKeys,
    private readonly app: AppConfig,
  ) {}

  /** The columns of a connection that are to change. Throws invalid_request. */
  async columns(
    id: string,
    { issuer, clientId, clientSecret, tenants, scopes }: OidcSettingsInput,
    stored?: OidcColumns,
  ): Promise<Partial<OidcColumns>> {
    const next = {
      issuer: issuer ?? stored?.oidcIssuer,
      clientId: clientId ?? stored?.oidcClientId,
      tenants: tenants ?? stored?.oidcTenants ?? [],
    };
    if (!isProviderUrl(next.issuer, !this.app.deployed)) throw refused('issuer', 'issuer must be an https address');
    if (!next.clientId) throw refused('clientId', 'clientId is needed');
    if (isOfManyTenants(next.issuer) && next.tenants.length === 0)
      throw refused('tenants', 'an issuer of many directories needs those that are let in');
    // A secret is for the provider that it was agreed with: another one is not to be told it.
    const moved = stored !== undefined && issuer !== undefined && issuer !== stored.oidcIssuer;
    return {
      ...(issuer !== undefined && { oidcIssuer: issuer }),
      ...(clientId !== undefined && { oidcClientId: clientId }),
      ...(tenants !== undefined && { oidcTenants: tenants }),
      ...(scopes !== undefined && { oidcScopes: scopes }),
      ...(moved && { oidcClientSecret: null }),
      ...(clientSecret !== undefined && { oidcClientSecret: await this.sealed(id, clientSecret) }),
    };
  }

  private async sealed(id: string, clientSecret: string): Promise<Buffer | null> {
    return (await this.dataKeys.ofOrganization())
      .forRow('sso_connections', id)
      .seal('oidc_client_secret_enc', clientSecret);
  }

  /** A connection as it is shown. */
  present(connection: SsoConnectionEntity) {
    const { oidcIssuer: issuer, oidcClientId: clientId, oidcTenants: tenants, oidcScopes: scopes } = connection;
    return {
      ...connection,
      ...relyingPartyUrls(this.app.origin, connection.id),
      issuer,
      clientId,
      hasClientSecret: connection.oidcClientSecret !== null,
      tenants,
      scopes,
    };
  }
}

function refused(field: string, message: string): Problem {
  return new Problem('invalid_request', { detail: message, errors: [{ field, message }] });
}
