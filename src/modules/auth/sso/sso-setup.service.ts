import { X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { Clock } from '../../../platform/clock/clock.js';
import { newId } from '../../../platform/clock/id.js';
import { AppConfig } from '../../../platform/config/index.js';
import { DataKeys } from '../../../platform/crypto/data-keys.js';
import { randomToken, sha256 } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/http/problem.js';
import { RolesService } from '../../rbac/index.js';
import { readIdpMetadata } from '../saml/idp-metadata.js';
import { serviceProviderUrls } from '../saml/saml-connection.js';
import { SamlRefused } from '../saml/saml-refusal.js';
import { SpKeys, type KeptKeys } from '../saml/sp-keys.js';
import type { SsoConnectionEntity } from './sso-connection.entity.js';
import type { CreateSsoConnectionDto, UpdateSsoConnectionDto } from './sso.dto.js';
import { SsoRepository } from './sso.repository.js';

type ProviderColumns = Pick<SsoConnectionEntity,
  'idpEntityId' | 'idpSsoUrl' | 'idpSsoBinding' | 'idpSloUrl' | 'idpSloResponseUrl' | 'idpSloBinding' | 'idpCertificates' | 'idpScopes'>;

/** Setting up connections to identity providers. */
@Injectable()
export class SsoSetupService {
  constructor(
    private readonly repository: SsoRepository,
    private readonly dataKeys: DataKeys,
    private readonly roles: RolesService,
    private readonly spKeys: SpKeys,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly app: AppConfig,
  ) {}

  async list() {
    return { items: (await this.repository.list()).map((connection) => this.present(connection)), nextCursor: null };
  }

  /** Throws not_found. */
  async read(id: string) {
    return this.present(await this.existing(id));
  }

  /** Throws metadata_refused, unknown_role, beyond_own_grants. */
  async create({ metadata, ...settings }: CreateSsoConnectionDto) {
    await this.roles.assertSpeaksForAll();
    await this.assertRoles(settings);
    const id = newId();
    const secret = randomToken();
    const ring = await this.dataKeys.ofOrganization();
    const connection = { ...this.provider(metadata), ...settings };
    await this.repository.insert({
      protocol: 'saml', ...connection, ...(this.spKeys.needed(connection) && await this.spKeys.make(id)), id,
      entrance: ring.forRow('sso_connections', id).seal('entrance_enc', secret)!, entranceHash: sha256(secret),
    });
    this.audit.record('sso.connection_created', { target: { type: 'sso-connection', id } });
    return this.read(id);
  }

  /** Throws not_found, metadata_refused, unknown_role, beyond_own_grants. */
  async update(id: string, { metadata, ...settings }: UpdateSsoConnectionDto) {
    await this.roles.assertSpeaksForAll();
    await this.assertRoles(settings);
    const changes = { ...(metadata !== undefined && this.provider(metadata)), ...settings };
    if (Object.keys(changes).length === 0) throw new Problem('invalid_request', { detail: 'nothing to change' });
    const before = await this.existing(id);
    const keys = this.spKeys.needed({ ...before, ...changes }) ? await this.spKeys.make(id) : {};
    if (!(await this.repository.update(id, { ...changes, ...keys }))) throw new Problem('not_found');
    this.audit.record('sso.connection_updated', { target: { type: 'sso-connection', id }, meta: { fields: Object.keys(changes) } });
    return this.read(id);
  }

  /** A new key of ours, shown in our metadata beside the one in use. Throws not_found. */
  async introduceKey(id: string) {
    return this.withKeys(id, 'sso.key_introduced', await this.spKeys.introduce(id, await this.existing(id)));
  }

  /** The new key takes over. Throws not_found, no_new_key. */
  async switchKey(id: string) {
    const keys = await this.spKeys.switch(id, await this.existing(id));
    if (keys === null) throw new Problem('no_new_key');
    return this.withKeys(id, 'sso.key_switched', keys);
  }

  private async withKeys(id: string, event: 'sso.key_introduced' | 'sso.key_switched', keys: KeptKeys) {
    if (!(await this.repository.update(id, keys))) throw new Problem('not_found');
    this.audit.record(event, { target: { type: 'sso-connection', id } });
    return this.read(id);
  }

  private async existing(id: string): Promise<SsoConnectionEntity> {
    const connection = await this.repository.find(id);
    if (connection === null) throw new Problem('not_found');
    return connection;
  }

  /** Throws not_found. */
  async delete(id: string): Promise<void> {
    if (!(await this.repository.delete(id))) throw new Problem('not_found');
    this.audit.record('sso.connection_deleted', { target: { type: 'sso-connection', id } });
  }

  private provider(metadata: string): ProviderColumns {
    try {
      const { entityId, ssoUrl, ssoBinding, sloUrl, sloResponseUrl, sloBinding, certificates, scopes } = readIdpMetadata(metadata, this.clock.millis());
      return {
        idpEntityId: entityId, idpSsoUrl: ssoUrl, idpSsoBinding: ssoBinding, idpSloUrl: sloUrl ?? null, idpSloResponseUrl: sloResponseUrl ?? null,
        idpSloBinding: sloBinding, idpCertificates: [...certificates], idpScopes: [...scopes],
      };
    } catch (error) {
      if (error instanceof SamlRefused) throw new Problem('metadata_refused', { detail: error.reason, cause: error });
      throw error;
    }
  }

  private async assertRoles({ groupRoles = [], defaultRole }: UpdateSsoConnectionDto): Promise<void> {
    const roles = [...groupRoles.map(({ role }) => role), ...(defaultRole === undefined ? [] : [defaultRole])];
    for (const role of roles) await this.roles.assertGivable(role);
  }

  private present(connection: SsoConnectionEntity) {
    const { spEntityId: entityId, ...urls } = serviceProviderUrls(this.app.origin, connection.id);
    const certificatesExpireAt = connection.idpCertificates.map((pem) => new Date(new X509Certificate(pem).validTo));
    return { ...connection, ...urls, entityId, certificatesExpireAt };
  }
}
