import { X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../../../platform/config/index.js';
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
import { SAML_GUIDES } from './guides/index.js';
import { LogoutService } from './logout.service.js';
import { serviceProviderUrls } from './saml-connection.js';
import { ProviderSettings } from './saml-settings.js';
import { SamlService } from './saml.service.js';
import { SpKeys } from './sp-keys.js';

/** Registers SAML with the module `sso`. */
@Injectable()
export class SamlProtocol implements SsoProtocolHandler {
  readonly protocol = 'saml';
  readonly refreshJob = 'sso.refresh_metadata';
  readonly subjects = ['name-id', 'entra-object'] as const;
  readonly fields = [
    'metadata',
    'metadataUrl',
    'idpEntityId',
    'idpSsoUrl',
    'idpSloUrl',
    'idpCertificates',
    'wantResponseSigned',
    'wantAssertionSigned',
    'wantAssertionEncrypted',
    'signRequests',
    'idpInitiated',
    'idpScopes',
  ] as const;

  constructor(
    private readonly saml: SamlService,
    private readonly logout: LogoutService,
    private readonly providers: ProviderSettings,
    private readonly spKeys: SpKeys,
    private readonly app: AppConfig,
    protocols: SsoProtocols,
  ) {
    protocols.register(this);
  }

  startLogin(connectionId: string, request: SsoLoginRequest) {
    return this.saml.startLogin(connectionId, request);
  }

  startLogout(session: ProviderSession, request: SsoLogoutRequest) {
    return this.logout.startLogout(session, request);
  }

  /** Throws `invalid_metadata` or `invalid_request`. */
  async columnsOf(_id: string, body: UpdateSsoConnectionDto, stored?: SsoConnectionEntity): Promise<ConnectionColumns> {
    const { metadata, metadataUrl, idpEntityId, idpSsoUrl, idpSloUrl, idpCertificates } = body;
    const { wantResponseSigned, wantAssertionSigned, wantAssertionEncrypted, signRequests } = body;
    const { idpInitiated, idpScopes } = body;
    const columns = await this.providers.read(
      { metadata, metadataUrl, idpEntityId, idpSsoUrl, idpSloUrl, idpCertificates },
      stored,
    );
    assertAllOrNone({ ...stored, ...columns });
    return {
      ...columns,
      ...(wantResponseSigned !== undefined && { wantResponseSigned }),
      ...(wantAssertionSigned !== undefined && { wantAssertionSigned }),
      ...(wantAssertionEncrypted !== undefined && { wantAssertionEncrypted }),
      ...(signRequests !== undefined && { signRequests }),
      ...(idpInitiated !== undefined && { idpInitiated }),
      ...(idpScopes !== undefined && { idpScopes }),
    };
  }

  present(connection: SsoConnectionEntity) {
    const { spEntityId: entityId, ...urls } = serviceProviderUrls(this.app.origin, connection.id);
    const certificatesExpireAt = connection.idpCertificates.map((pem) => new Date(new X509Certificate(pem).validTo));
    return { ...urls, entityId, certificatesExpireAt };
  }

  guide(connection: SsoConnectionEntity, provider: GuidedProvider) {
    const { spEntityId: entity, acsUrl: acs, ...urls } = serviceProviderUrls(this.app.origin, connection.id);
    const values = {
      entity,
      acs,
      acsPattern: acs.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
      metadata: urls.metadataUrl,
      login: urls.loginUrl,
      logout: urls.logoutUrl,
      certificate: connection.spCertificates.at(-1) ?? null,
      encrypts: String(connection.wantAssertionEncrypted),
    };
    return { guide: SAML_GUIDES[provider], values };
  }

  async keysFor(id: string, connection: ConnectionColumns): Promise<ConnectionColumns> {
    return this.spKeys.needed(connection) ? this.spKeys.create(id) : {};
  }
}

/** Rejects a part of the provider's data. A connection without any of it is a draft. */
function assertAllOrNone({ idpEntityId, idpSsoUrl, idpSloUrl, idpCertificates }: ConnectionColumns): void {
  const required = [idpEntityId, idpSsoUrl, idpCertificates?.length].map(Boolean);
  if (required.every(Boolean) || !(idpSloUrl || required.some(Boolean))) return;
  throw new Problem('invalid_request', {
    detail: 'Send metadata, metadataUrl, or idpEntityId, idpSsoUrl, and idpCertificates.',
  });
}
