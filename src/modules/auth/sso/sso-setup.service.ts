import { X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { newId } from '../../../platform/clock/id.js';
import { AppConfig } from '../../../platform/config/index.js';
import { DataKeys } from '../../../platform/crypto/data-keys.js';
import { randomToken, sha256 } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/http/problem.js';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { RolesService } from '../../rbac/index.js';
import { serviceProviderUrls } from '../saml/saml-connection.js';
import { SpKeys, type KeptKeys } from '../saml/sp-keys.js';
import { ProviderSettings } from './provider-settings.js';
import type { SsoConnectionEntity } from './sso-connection.entity.js';
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
  ) {}

  async list() {
    return { items: (await this.repository.list()).map((connection) => this.present(connection)), nextCursor: null };
  }

  /** Throws not_found. */
  async read(id: string) {
    return this.present(await this.require(id));
  }

  /** Throws metadata_refused, unknown_role, beyond_own_grants. */
  async create(body: CreateSsoConnectionDto) {
    await this.assertMay(body);
    const { provider, settings } = divided(body);
    const columns = await this.providers.read(provider);
    await this.assertMay(body); // fetching takes its time, in which rights may have been taken away
    if (!columns.idpEntityId || !columns.idpSsoUrl || !columns.idpCertificates?.length) {
      throw new Problem('invalid_request', { detail: 'needs metadata, metadataUrl, or idpEntityId, idpSsoUrl and idpCertificates' });
    }
    const id = newId();
    const secret = randomToken();
    const ring = await this.dataKeys.ofOrganization();
    const connection = { ...columns, ...settings };
    await this.repository.insert({
      protocol: 'saml', ...connection, ...(this.spKeys.needed(connection) && await this.spKeys.make(id)), name: body.name, id,
      entrance: ring.forRow('sso_connections', id).seal('entrance_enc', secret)!, entranceHash: sha256(secret),
    });
    this.audit.record('sso.connection_created', { target: { type: 'sso-connection', id } });
    return this.read(id);
  }

  /** Throws not_found, metadata_refused, unknown_role, beyond_own_grants. */
  async update(id: string, body: UpdateSsoConnectionDto) {
    await this.assertMay(body);
    const { provider, settings } = divided(body);
    const changes = { ...(await this.providers.read(provider)), ...settings };
    await this.assertMay(body); // as above
    if (Object.keys(changes).length === 0) throw new Problem('invalid_request', { detail: 'nothing to change' });
    const keys = this.spKeys.needed({ ...(await this.require(id)), ...changes }) ? await this.spKeys.make(id) : {};
    if (!(await this.repository.update(id, { ...changes, ...keys }))) throw new Problem('not_found');
    this.audit.record('sso.connection_updated', { target: { type: 'sso-connection', id }, meta: { fields: Object.keys(changes) } });
    return this.read(id);
  }

  /** Throws not_found. */
  async delete(id: string): Promise<void> {
    if (!(await this.repository.delete(id))) throw new Problem('not_found');
    this.audit.record('sso.connection_deleted', { target: { type: 'sso-connection', id } });
  }

  /** A new key of ours, shown in our metadata beside the one in use. Throws not_found. */
  async introduceKey(id: string) {
    return this.withKeys(id, 'sso.key_introduced', await this.spKeys.introduce(id, await this.require(id)));
  }

  /** The new key takes over. Throws not_found, no_new_key. */
  async switchKey(id: string) {
    const keys = await this.spKeys.switch(id, await this.require(id));
    if (keys === null) throw new Problem('no_new_key');
    return this.withKeys(id, 'sso.key_switched', keys);
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

  /** Who connects an identity provider lets it speak for everybody, and give the roles that its answers are mapped to. */
  private async assertMay({ groupRoles = [], attributeRoles = [], defaultRole }: UpdateSsoConnectionDto): Promise<void> {
    await this.roles.assertSpeaksForAll();
    const roles = new Set([...groupRoles, ...attributeRoles].map(({ role }) => role));
    if (defaultRole !== undefined) roles.add(defaultRole);
    for (const role of roles) await this.roles.assertGivable(role);
  }

  private present(connection: SsoConnectionEntity) {
    const { metadataUrl: idpMetadataUrl } = connection;
    const { spEntityId: entityId, ...urls } = serviceProviderUrls(this.app.origin, connection.id);
    const certificatesExpireAt = connection.idpCertificates.map((pem) => new Date(new X509Certificate(pem).validTo));
    return { ...connection, idpMetadataUrl, ...urls, entityId, certificatesExpireAt };
  }
}

/** What a caller says of the provider, and what of everything else. */
function divided({ metadata, metadataUrl, idpEntityId, idpSsoUrl, idpSloUrl, idpCertificates, ...settings }: UpdateSsoConnectionDto) {
  return { provider: { metadata, metadataUrl, idpEntityId, idpSsoUrl, idpSloUrl, idpCertificates }, settings };
}
