import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { newId } from '../../../platform/clock/id.js';
import { DataKeys } from '../../../platform/keys/data-keys.js';
import { randomToken, sha256 } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { RolesService } from '../../rbac/index.js';
import type { SsoConnectionEntity, SsoProtocol } from './sso-connection.entity.js';
import type { CreateSsoConnectionDto, UpdateSsoConnectionDto } from './sso.dto.js';
import { SsoProtocols, type ConnectionColumns } from './sso-protocols.js';
import { SsoRepository } from './sso.repository.js';

/** Creates, changes, and deletes connections to identity providers. */
@Injectable()
export class SsoSetupService {
  constructor(
    private readonly repository: SsoRepository,
    private readonly dataKeys: DataKeys,
    private readonly roles: RolesService,
    private readonly audit: AuditLog,
    private readonly protocols: SsoProtocols,
  ) {}

  async list() {
    return { items: (await this.repository.list()).map((connection) => this.present(connection)), nextCursor: null };
  }

  /** Returns a connection. Throws `not_found` when there is no such connection. */
  async read(id: string) {
    return this.present(await this.require(id));
  }

  /**
   * Creates a connection. Throws `invalid_metadata` when the provider's metadata is invalid. Throws `invalid_request`
   * when a field is invalid or belongs to another protocol. Throws `unknown_role` when a mapped role does not exist.
   * Throws `insufficient_privileges_to_grant` when the caller may not configure it.
   */
  async create({ protocol = 'saml', name, ...body }: CreateSsoConnectionDto) {
    await this.assertCanConfigure(body);
    const id = newId();
    const handler = this.protocols.get(protocol);
    const columns = await this.columns(protocol, id, body);
    await this.assertCanConfigure(body); // the member may have lost permissions while the metadata was fetched
    const secret = randomToken();
    const ring = await this.dataKeys.ofOrganization();
    await this.repository.insert({
      protocol,
      name,
      subject: handler.subjects[0]!,
      ...columns,
      ...(await handler.keysFor(id, columns)),
      id,
      dbSecret: ring.forRow('sso_connections', id).seal('db_secret_enc', secret)!,
      dbSecretHash: sha256(secret),
    });
    this.audit.record('sso.connection_created', { target: { type: 'sso-connection', id } });
    return this.read(id);
  }

  /** Changes a connection. Throws `not_found` when there is no such connection. Throws the errors of `create`. */
  async update(id: string, body: UpdateSsoConnectionDto) {
    await this.assertCanConfigure(body);
    const stored = await this.require(id);
    const changes = await this.columns(stored.protocol, id, body, stored);
    await this.assertCanConfigure(body); // the member may have lost permissions while the metadata was fetched
    if (Object.keys(changes).length === 0)
      throw new Problem('invalid_request', { detail: 'The request changes no field.' });
    const keys = await this.protocols.get(stored.protocol).keysFor(id, { ...stored, ...changes });
    if (!(await this.repository.update(id, { ...changes, ...keys }))) throw new Problem('not_found');
    this.audit.record('sso.connection_updated', {
      target: { type: 'sso-connection', id },
      meta: { fields: Object.keys(changes) },
    });
    return this.read(id);
  }

  /** Deletes a connection. Throws `not_found` when there is no such connection. */
  async delete(id: string): Promise<void> {
    if (!(await this.repository.delete(id))) throw new Problem('not_found');
    this.audit.record('sso.connection_deleted', { target: { type: 'sso-connection', id } });
  }

  /** Returns the columns that the body sets. Throws `invalid_request` when a field belongs to another protocol. */
  private async columns(
    protocol: SsoProtocol,
    id: string,
    body: UpdateSsoConnectionDto,
    stored?: SsoConnectionEntity,
  ): Promise<ConnectionColumns> {
    const handler = this.protocols.get(protocol);
    const foreign = this.protocols.foreignFields(protocol).some((field) => body[field] !== undefined);
    if (foreign || (body.subject !== undefined && !handler.subjects.includes(body.subject)))
      throw new Problem('invalid_request', {
        detail: `A field does not apply to a connection with the protocol ${protocol}.`,
      });
    const shared = Object.fromEntries(
      Object.entries(body).filter(([field]) => !(handler.fields as readonly string[]).includes(field)),
    );
    return { ...shared, ...(await handler.columnsOf(id, body, stored)) };
  }

  private async require(id: string): Promise<SsoConnectionEntity> {
    const connection = await this.repository.find(id);
    if (connection === null) throw new Problem('not_found');
    return connection;
  }

  /**
   * Checks the caller's permissions. Any member can sign in through an identity provider, so the caller must hold every
   * permission of the owner role. The caller must also be able to grant every role in the mapping.
   */
  private async assertCanConfigure({
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
    return {
      ...connection,
      ...OTHER_PROTOCOL,
      idpMetadataUrl: connection.metadataUrl,
      ...this.protocols.get(connection.protocol).present(connection),
    };
  }
}

/** The response fields of each protocol. A connection with another protocol leaves them empty. */
const OTHER_PROTOCOL = {
  entityId: null,
  acsUrl: null,
  metadataUrl: null,
  callbackUrl: null,
  backchannelLogoutUrl: null,
  frontchannelLogoutUrl: null,
  postLogoutUrl: null,
  certificatesExpireAt: [],
  issuer: null,
  clientId: null,
  hasClientSecret: false,
  tenants: [],
  scopes: [],
};
