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
import { OidcSettings } from '../oidc/oidc-settings.js';
import { readIdpMetadata } from '../saml/idp-metadata.js';
import { serviceProviderUrls } from '../saml/saml-connection.js';
import { SamlRefused } from '../saml/saml-refusal.js';
import type { SsoConnectionEntity, SsoProtocol } from './sso-connection.entity.js';
import type { CreateSsoConnectionDto, UpdateSsoConnectionDto } from './sso.dto.js';
import { SsoRepository } from './sso.repository.js';

/** Setting up connections to identity providers. */
@Injectable()
export class SsoSetupService {
  constructor(
    private readonly repository: SsoRepository,
    private readonly dataKeys: DataKeys,
    private readonly roles: RolesService,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
    private readonly app: AppConfig,
    private readonly oidc: OidcSettings,
  ) {}

  async list() {
    return { items: (await this.repository.list()).map((connection) => this.present(connection)), nextCursor: null };
  }

  /** Throws not_found. */
  async read(id: string) {
    const connection = await this.repository.find(id);
    if (connection === null) throw new Problem('not_found');
    return this.present(connection);
  }

  /** Throws metadata_refused, invalid_request, unknown_role, beyond_own_grants. */
  async create({ protocol = 'saml', name, ...body }: CreateSsoConnectionDto) {
    await this.roles.assertSpeaksForAll();
    await this.assertRoles(body);
    const id = newId();
    const secret = randomToken();
    const ring = await this.dataKeys.ofOrganization();
    await this.repository.insert({
      protocol, name, subject: protocol === 'oidc' ? 'sub' : 'name-id', ...(await this.columns(protocol, id, body)), id,
      entrance: ring.forRow('sso_connections', id).seal('entrance_enc', secret)!, entranceHash: sha256(secret),
    });
    this.audit.record('sso.connection_created', { target: { type: 'sso-connection', id } });
    return this.read(id);
  }

  /** Throws not_found, metadata_refused, invalid_request, unknown_role, beyond_own_grants. */
  async update(id: string, body: UpdateSsoConnectionDto) {
    await this.roles.assertSpeaksForAll();
    await this.assertRoles(body);
    const stored = await this.repository.find(id);
    if (stored === null) throw new Problem('not_found');
    const changes = await this.columns(stored.protocol, id, body, stored);
    if (Object.keys(changes).length === 0) throw new Problem('invalid_request', { detail: 'nothing to change' });
    if (!(await this.repository.update(id, changes))) throw new Problem('not_found');
    this.audit.record('sso.connection_updated', { target: { type: 'sso-connection', id }, meta: { fields: Object.keys(changes) } });
    return this.read(id);
  }

  /** Throws not_found. */
  async delete(id: string): Promise<void> {
    if (!(await this.repository.delete(id))) throw new Problem('not_found');
    this.audit.record('sso.connection_deleted', { target: { type: 'sso-connection', id } });
  }

  /** What is said of a connection as columns. Throws invalid_request for what belongs to the other protocol. */
  private async columns(protocol: SsoProtocol, id: string, body: UpdateSsoConnectionDto, stored?: SsoConnectionEntity): Promise<Partial<SsoConnectionEntity>> {
    const { metadata, issuer, clientId, clientSecret, tenants, scopes, ...settings } = body;
    const oidc = { issuer, clientId, clientSecret, tenants, scopes };
    const foreign = protocol === 'oidc' ? [metadata, settings.wantResponseSigned] : Object.values(oidc);
    const subject = settings.subject === (protocol === 'oidc' ? 'name-id' : 'sub');
    if (subject || foreign.some((value) => value !== undefined)) throw new Problem('invalid_request', { detail: `not for a connection by ${protocol}` });
    if (protocol === 'oidc') return { ...settings, ...(await this.oidc.columns(id, oidc, stored)) };
    if (stored === undefined && metadata === undefined) throw new Problem('invalid_request', { detail: 'metadata is needed' });
    return { ...settings, ...(metadata !== undefined && this.provider(metadata)) };
  }

  private provider(metadata: string): Pick<SsoConnectionEntity, 'idpEntityId' | 'idpSsoUrl' | 'idpCertificates'> {
    try {
      const { entityId, ssoUrl, certificates } = readIdpMetadata(metadata, this.clock.millis());
      return { idpEntityId: entityId, idpSsoUrl: ssoUrl, idpCertificates: [...certificates] };
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
    const shown = this.oidc.present(connection);
    if (connection.protocol === 'oidc') return { ...shown, entityId: null, acsUrl: null, metadataUrl: null, certificatesExpireAt: [] };
    const { spEntityId: entityId, ...urls } = serviceProviderUrls(this.app.origin, connection.id);
    const certificatesExpireAt = connection.idpCertificates.map((pem) => new Date(new X509Certificate(pem).validTo));
    return { ...shown, callbackUrl: null, backchannelLogoutUrl: null, postLogoutUrl: null, ...urls, entityId, certificatesExpireAt };
  }
}
