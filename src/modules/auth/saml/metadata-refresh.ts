import { X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { Clock } from '../../../platform/clock/clock.js';
import { currentContext } from '../../../platform/context/context.js';
import { enterOrganization } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { SpKeys } from './sp-keys.js';
import { ProviderSettings, storedChoice, type Fetched } from './saml-settings.js';
import { type MetadataWarning, type SsoConnectionEntity, SsoRepository } from '../sso/index.js';

/**
 * Applies the changes that identity providers publish, such as a new certificate. It ignores metadata of another
 * provider.
 */
@Injectable()
export class MetadataRefresh {
  constructor(
    private readonly repository: SsoRepository,
    private readonly providers: ProviderSettings,
    private readonly spKeys: SpKeys,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Refreshes the metadata of one connection. If the metadata cannot be read, the last valid copy stays and the error
   * is stored. The caller must not have an open transaction.
   */
  async refresh(connectionId: string): Promise<void> {
    const organization = enterOrganization(currentContext().orgId);
    const stored = await this.unitOfWork.run(organization, () => this.repository.find(connectionId));
    const url = stored?.metadataUrl;
    if (!url) return;
    const fetched = await this.providers.fetch(url, storedChoice(stored));
    await this.unitOfWork.run(organization, async () => {
      const connection = await this.repository.find(connectionId);
      if (connection?.metadataUrl === url) await this.apply(connection, fetched);
    });
  }

  private async apply(connection: SsoConnectionEntity, fetched: Fetched): Promise<void> {
    const problem = problemOf(connection, fetched);
    if (problem !== null || 'problem' in fetched) return this.fail(connection, problem ?? 'unreachable');
    const { provider } = fetched;
    await this.repository.update(connection.id, {
      ...provider,
      // without scopes in the metadata, those of the administrator stay
      ...(provider.idpScopes.length === 0 && { idpScopes: connection.idpScopes }),
      ...(this.spKeys.needed({ ...connection, ...provider }) && (await this.spKeys.create(connection.id))),
      metadataFetchedAt: this.clock.now(),
      metadataError: null,
    });
    const target = { type: 'sso-connection', id: connection.id } as const;
    const [before, after] = [connection.idpCertificates.map(fingerprint), provider.idpCertificates.map(fingerprint)];
    for (const certificate of after.filter((one) => !before.includes(one)))
      this.audit.record('sso.certificate_added', { target, meta: { certificate } });
    for (const certificate of before.filter((one) => !after.includes(one)))
      this.audit.record('sso.certificate_removed', { target, meta: { certificate } });
    const [known, found] = [connection, provider].map(({ metadataWarnings }) => codesOf(metadataWarnings));
    const areWarningsNew = String(known) !== String(found);
    if (connection.idpSsoUrl !== provider.idpSsoUrl || connection.metadataError !== null || areWarningsNew)
      this.audit.record('sso.metadata_refreshed', { target, ...(areWarningsNew && { meta: { warnings: found } }) });
  }

  private async fail({ id, metadataError }: SsoConnectionEntity, reason: string): Promise<void> {
    await this.repository.update(id, { metadataError: reason });
    if (metadataError !== reason)
      this.audit.record('sso.metadata_refreshed', {
        outcome: 'failure',
        target: { type: 'sso-connection', id },
        meta: { reason },
      });
  }
}

/** Returns why the metadata cannot be applied. Another entity id means another provider, which no member connected. */
function problemOf({ idpEntityId }: SsoConnectionEntity, fetched: Fetched): string | null {
  if ('problem' in fetched) return fetched.problem;
  return fetched.provider.idpEntityId === idpEntityId ? null : 'entity_id_changed';
}

function codesOf(warnings: readonly MetadataWarning[]): string[] {
  return [...new Set(warnings.map(({ code }) => code))].toSorted();
}

/** Returns the SHA-256 fingerprint of a certificate as hexadecimal digits. */
function fingerprint(pem: string): string {
  return new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();
}
