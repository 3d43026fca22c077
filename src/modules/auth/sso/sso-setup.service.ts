import { X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { newId } from '../../../platform/clock/id.js';
import { AppConfig } from '../../../platform/config/index.js';
import { DataKeys } from '../../../platform/keys/data-keys.js';
import { randomToken, sha256 } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { RolesService } from '../../rbac/index.js';
import { OidcSettings } from '../oidc/oidc-settings.js';
import { serviceProviderUrls } from '../saml/saml-connection.js';
import { SpKeys, type KeptKeys } from '../saml/sp-keys.js';
import { ProviderSettings } from '../saml/saml-settings.js';
import type { SsoConnectionEntity, SsoProtocol } from './sso-connection.entity.js';
import type { CreateSsoConnectionDto, UpdateSsoConnectionDto } from './sso.dto.js';
import { SsoRepository } from './sso.repository.js';

/** Setting up connections to identity providers. */
@Injectable()
export class SsoSetupService {
  constructor(
    private readonly repository: SsoRepository,
    private readonly providers: ProviderSettings,
    private readonly dataKeys: DataKeys,
    private readonly roles: RolesService,
    private readonly spKeys: SpKeys,
    private readonly audit: AuditTrail,
    private readonly jobs: Jobs,
    private readonly app: AppConfig,
    private readonly oidc: OidcSettings,
  ) {}

  async list() {
    return { items: (await this.repository.list()).map((connection) => this.present(connection)), nextCursor: null };
  }

  /** Throws not_found. */
  async read(id: string) {
    return this.present(await this.require(id));
  }

  /** Throws metadata_refused, invalid_request, unknown_role, beyond_own_grants. */
  async create({ protocol = 'saml', name, ...body }: CreateSsoConnectionDto) {
    await this.assertMay(body);
    const id = newId();
    const columns = await this.columns(protocol, id, body);
    await this.assertMay(body); // fetching takes its time, in which rights may have been taken away
    const secret = randomToken();
    const ring = await this.dataKeys.ofOrganization();
    await this.repository.insert({
      protocol,
      name,
      subject: protocol === 'oidc' ? 'sub' : 'name-id',
      ...columns,
      ...(await this.keysFor(protocol, id, columns)),
      id,
      entrance: ring.forRow('sso_connections', id).seal('entrance_enc', secret)!,
      entranceHash: sha256(secret),
    });
    this.audit.record('sso.connection_created', { target: { type: 'sso-connection', id } });
    return this.read(id);
  }

  /** Throws not_found, metadata_refused, invalid_request, unknown_role, beyond_own_grants. */
  async update(id: string, body: UpdateSsoConnectionDto) {
    await this.assertMay(body);
    const stored = await this.require(id);
    const changes = await this.columns(stored.protocol, id, body, stored);
    await this.assertMay(body); // as above
    if (Object.keys(changes).length === 0) throw new Problem('invalid_request', { detail: 'nothing to change' });
    const keys = await this.keysFor(stored.protocol, id, { ...stored, ...changes });
    if (!(await this.repository.update(id, { ...changes, ...keys }))) throw new Problem('not_found');
    this.audit.record('sso.connection_updated', {
      target: { type: 'sso-connection', id },
      meta: { fields: Object.keys(changes) },
    });
    return this.read(id);
  }

  /** Throws not_found. */
  async delete(id: string): Promise<void> {
    if (!(await this.repository.delete(id))) throw new Problem('not_found');
    this.audit.record('sso.connection_deleted', { target: { type: 'sso-connection', id } });
  }

  /** A new key of ours, shown in our metadata beside the one in use. Throws not_found. */
  async introduceKey(id: string) {
    return this.withKeys(id, 'sso.key_introduced', await this.spKeys.introduce(id, await this.requireSaml(id)));
  }

  /** The new key takes over. Throws not_found, no_new_key. */
  async switchKey(id: string) {
    const keys = await this.spKeys.switch(id, await this.requireSaml(id));
    if (keys === null) throw new Problem('no_new_key');
    return this.withKeys(id, 'sso.key_switched', keys);
  }

  /** Our first key towards a provider, where what was set up needs one. */
  private async keysFor(
    protocol: SsoProtocol,
    id: string,
    connection: Partial<SsoConnectionEntity>,
  ): Promise<Partial<KeptKeys>> {
    return protocol === 'saml' && this.spKeys.needed(connection) ? this.spKeys.make(id) : {};
  }

  /**
   * What is said of a connection, as columns. Throws metadata_refused, invalid_request also for what belongs to the
   * other protocol.
   */
  private async columns(
    protocol: SsoProtocol,
    id: string,
    body: UpdateSsoConnectionDto,
    stored?: SsoConnectionEntity,
  ): Promise<Partial<SsoConnectionEntity>> {
    const { saml, oidc, settings } = divided(body);
    const foreign =
      protocol === 'oidc' ? [...Object.values(saml), ...SAML_ALONE.map((name) => settings[name])] : Object.values(oidc);
    const subject = settings.subject === (protocol === 'oidc' ? 'name-id' : 'sub');
    if (subject || foreign.some((value) => value !== undefined))
      throw new Problem('invalid_request', { detail: `not for a connection by ${protocol}` });
    if (protocol === 'oidc') return { ...settings, ...(await this.oidc.columns(id, oidc, stored)) };
    const columns = await this.providers.read(saml);
    if (stored === undefined && (!columns.idpEntityId || !columns.idpSsoUrl || !columns.idpCertificates?.length)) {
      throw new Problem('invalid_request', {
        detail: 'needs metadata, metadataUrl, or idpEntityId, idpSsoUrl and idpCertificates',
      });
    }
    return { ...columns, ...settings };
  }

  /** Has the worker read the provider's metadata anew. Throws not_found; no_metadata_url where it has no address. */
  async refresh(id: string) {
    const connection = await this.require(id);
    if (connection.metadataUrl === null) throw new Problem('no_metadata_url');
    await this.jobs.enqueue('sso.refresh_metadata', { connectionId: id }, { orderKey: id });
    this.audit.record('sso.refresh_requested', { target: { type: 'sso-connection', id } });
    return this.present(connection);
  }

  private async withKeys(id: string, event: 'sso.key_introduced' | 'sso.key_switched', keys: KeptKeys) {
    if (!(await this.repository.update(id, keys))) throw new Problem('not_found');
    this.audit.record(event, { target: { type: 'sso-connection', id } });
    return this.read(id);
  }

  private async require(id: string): Promise<SsoConnectionEntity> {
    const connection = await this.repository.find(id);
    if (connection === null) throw new Problem('not_found');
    return connection;
  }

  private async requireSaml(id: string): Promise<SsoConnectionEntity> {
    const connection = await this.require(id);
    if (connection.protocol !== 'saml')
      throw new Problem('invalid_request', { detail: 'only connections by saml have keys' });
    return connection;
  }

  /**
   * Who connects an identity provider lets it speak for everybody, and give the roles that its answers are mapped to.
   */
  private async assertMay({
    groupRoles = [],
    attributeRoles = [],
    defaultRole,
  }: UpdateSsoConnectionDto): Promise<void> {
    await this.roles.assertSpeaksForAll();
    const roles = new Set([...groupRoles, ...attributeRoles].map(({ role }) => role));
    if (defaultRole !== undefined) roles.add(defaultRole);
    for (const role of roles) await this.roles.assertGivable(role);
  }

  private present(connection: SsoConnectionEntity) {
    const shown = { ...this.oidc.present(connection), idpMetadataUrl: connection.metadataUrl };
    if (connection.protocol === 'oidc')
      return { ...shown, entityId: null, acsUrl: null, metadataUrl: null, certificatesExpireAt: [] };
    const { spEntityId: entityId, ...urls } = serviceProviderUrls(this.app.origin, connection.id);
    const certificatesExpireAt = connection.idpCertificates.map((pem) => new Date(new X509Certificate(pem).validTo));
    return {
      ...shown,
      callbackUrl: null,
      backchannelLogoutUrl: null,
      postLogoutUrl: null,
      ...urls,
      entityId,
      certificatesExpireAt,
    };
  }
}

/** Settings that say nothing of a connection by OpenID Connect. */
const SAML_ALONE = [
  'wantResponseSigned',
  'wantAssertionEncrypted',
  'signRequests',
  'idpInitiated',
  'idpScopes',
] as const;

/** What a caller says of the provider, by protocol, and what of everything else. */
function divided(body: UpdateSsoConnectionDto) {
  const {
    metadata,
    metadataUrl,
    idpEntityId,
    idpSsoUrl,
    idpSloUrl,
    idpCertificates,
    issuer,
    clientId,
    clientSecret,
    tenants,
    scopes,
    ...settings
  } = body;
  return {
    saml: { metadata, metadataUrl, idpEntityId, idpSsoUrl, idpSloUrl, idpCertificates },
    oidc: { issuer, clientId, clientSecret, tenants, scopes },
    settings,
  };
}
