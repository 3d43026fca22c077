import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { Problem } from '../../../platform/problem/index.js';
import type { SsoConnectionEntity } from '../sso/index.js';
import { SsoProtocols, SsoRepository, SsoSetupService } from '../sso/index.js';
import { SpKeys, type StoredKeys } from './sp-keys.js';

/** Refreshes the metadata and rotates the keys of SAML connections. */
@Injectable()
export class SamlSetupService {
  constructor(
    private readonly repository: SsoRepository,
    private readonly setup: SsoSetupService,
    private readonly protocols: SsoProtocols,
    private readonly spKeys: SpKeys,
    private readonly audit: AuditLog,
    private readonly jobs: Jobs,
  ) {}

  /**
   * Enqueues a refresh of the provider's metadata, or a check of an OpenID provider. Throws `not_found` when there is
   * no such connection. Throws `no_metadata_url` when the connection has neither a metadata URL nor an issuer.
   */
  async refresh(id: string) {
    const connection = await this.setup.read(id);
    if (connection.idpMetadataUrl === null && connection.oidcIssuer === null) throw new Problem('no_metadata_url');
    const { refreshJob } = this.protocols.get(connection.protocol);
    await this.jobs.enqueue(refreshJob, { connectionId: id }, { orderKey: id });
    this.audit.record('sso.refresh_requested', { target: { type: 'sso-connection', id } });
    return connection;
  }

  /**
   * Adds a pending key. The metadata shows it together with the key in use. Throws `not_found` when there is no such
   * connection.
   */
  async addKey(id: string) {
    return this.withKeys(id, 'sso.key_added', await this.spKeys.add(id, await this.requireSaml(id)));
  }

  /**
   * Replaces the key in use with the pending key. Throws `not_found` when there is no such connection. Throws
   * `no_pending_key` when the connection has no pending key.
   */
  async rotateKey(id: string) {
    const keys = await this.spKeys.rotate(id, await this.requireSaml(id));
    if (keys === null) throw new Problem('no_pending_key');
    return this.withKeys(id, 'sso.key_rotated', keys);
  }

  private async withKeys(id: string, event: 'sso.key_added' | 'sso.key_rotated', keys: StoredKeys) {
    if (!(await this.repository.update(id, keys))) throw new Problem('not_found');
    this.audit.record(event, { target: { type: 'sso-connection', id } });
    return this.setup.read(id);
  }

  private async requireSaml(id: string): Promise<SsoConnectionEntity> {
    const connection = await this.repository.find(id);
    if (connection === null) throw new Problem('not_found');
    if (connection.protocol !== 'saml')
      throw new Problem('invalid_request', { detail: 'Only SAML connections have keys.' });
    return connection;
  }
}
