import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
import { DataKeys } from '../../../platform/keys/data-keys.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { SsoProtocols } from '../sso/index.js';
import type {
  ConnectionColumns,
  GuidedProvider,
  ProviderSession,
  SsoConnectionEntity,
  SsoLoginRequest,
  SsoLogoutRequest,
  SsoProtocolHandler,
} from '../sso/index.js';
import type { UpdateSsoConnectionDto } from '../sso/index.js';
import { OIDC_GUIDES } from './guides/index.js';
import { IssuerCheck } from './issuer-check.js';
import { relyingPartyUrls } from './oidc-connection.js';
import { OidcLogoutService } from './oidc-logout.service.js';
import { OidcService } from './oidc.service.js';
import { isOfManyTenants, isProviderUrl } from './provider-metadata.js';

/** Registers OpenID Connect with the module `sso`. */
@Injectable()
export class OidcProtocol implements SsoProtocolHandler {
  readonly protocol = 'oidc';
  readonly refreshJob = 'sso.check_issuer';
  readonly subjects = ['sub', 'entra-object'] as const;
  readonly fields = ['issuer', 'clientId', 'clientSecret', 'tenants', 'scopes', 'frontchannelBySubject'] as const;

  constructor(
    private readonly oidc: OidcService,
    private readonly issuers: IssuerCheck,
    private readonly unitOfWork: UnitOfWork,
    private readonly logout: OidcLogoutService,
    private readonly dataKeys: DataKeys,
    private readonly app: AppConfig,
    protocols: SsoProtocols,
  ) {
    protocols.register(this);
  }

  startLogin(connectionId: string, request: SsoLoginRequest) {
    return this.oidc.startLogin(connectionId, request);
  }

  startLogout(session: ProviderSession, request: SsoLogoutRequest) {
    return this.logout.startLogout(session, request);
  }

  /**
   * Returns a draft's columns when the body names neither issuer nor client. Throws `invalid_request`. An issuer that
   * does not answer is stored with its fault, because the administrator may set up the provider later.
   */
  async columnsOf(
    id: string,
    { issuer, clientId, clientSecret, tenants, scopes, frontchannelBySubject }: UpdateSsoConnectionDto,
    stored?: SsoConnectionEntity,
  ): Promise<ConnectionColumns> {
    const next = {
      issuer: issuer ?? stored?.oidcIssuer,
      clientId: clientId ?? stored?.oidcClientId,
      tenants: tenants ?? stored?.oidcTenants ?? [],
    };
    const settings = {
      ...(tenants !== undefined && { oidcTenants: tenants }),
      ...(scopes !== undefined && { oidcScopes: scopes }),
      ...(frontchannelBySubject !== undefined && { frontchannelBySubject }),
    };
    if (!next.issuer && !next.clientId) {
      if (clientSecret !== undefined) throw invalidField('clientId', 'clientId is required with clientSecret');
      return settings;
    }
    if (!isProviderUrl(next.issuer, !this.app.deployed)) throw invalidField('issuer', 'issuer must be an https URL');
    if (!next.clientId) throw invalidField('clientId', 'clientId is required');
    if (isOfManyTenants(next.issuer) && next.tenants.length === 0)
      throw invalidField('tenants', 'tenants is required for an issuer that serves many tenants');
    // A client secret belongs to one provider. Another provider must not receive it.
    const isOtherIssuer = stored !== undefined && issuer !== undefined && issuer !== stored.oidcIssuer;
    return {
      ...(issuer !== undefined && {
        oidcIssuer: issuer,
        ...(await this.unitOfWork.withoutTransaction(() => this.issuers.check(issuer))),
      }),
      ...(clientId !== undefined && { oidcClientId: clientId }),
      ...settings,
      ...(isOtherIssuer && { oidcClientSecret: null }),
      ...(clientSecret !== undefined && { oidcClientSecret: await this.sealed(id, clientSecret) }),
    };
  }

  private async sealed(id: string, clientSecret: string): Promise<Buffer | null> {
    return (await this.dataKeys.ofOrganization())
      .forRow('sso_connections', id)
      .seal('oidc_client_secret_enc', clientSecret);
  }

  present(connection: SsoConnectionEntity) {
    const { oidcIssuer: issuer, oidcClientId: clientId, oidcTenants: tenants, oidcScopes: scopes } = connection;
    const hasClientSecret = connection.oidcClientSecret !== null;
    return { ...relyingPartyUrls(this.app.origin, connection.id), issuer, clientId, hasClientSecret, tenants, scopes };
  }

  guide({ id }: SsoConnectionEntity, provider: GuidedProvider) {
    const urls = relyingPartyUrls(this.app.origin, id);
    const values = {
      callback: urls.callbackUrl,
      postLogout: urls.postLogoutUrl,
      backchannel: urls.backchannelLogoutUrl,
      frontchannel: urls.frontchannelLogoutUrl,
      login: urls.loginUrl,
    };
    return { guide: OIDC_GUIDES[provider], values };
  }

  /** OpenID Connect connections need no keys. */
  keysFor(): Promise<ConnectionColumns> {
    return Promise.resolve({});
  }
}

function invalidField(field: string, message: string): Problem {
  return new Problem('invalid_request', { detail: message, errors: [{ field, message }] });
}
