import { X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { Clock } from '../../../platform/clock/clock.js';
import { currentContext, withIdentity } from '../../../platform/context/context.js';
import { enterOrganization } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { SpKeys } from './sp-keys.js';
import { ProviderSettings, storedChoice, type Fetched } from './saml-settings.js';
import { type FoundConnection, type MetadataWarning, type SsoConnectionEntity, SsoRepository } from '../sso/index.js';

/** The columns of a connection that a refresh compares. */
type RefreshedConnection = Pick<
  SsoConnectionEntity,
  'id' | 'idpEntityId' | 'idpSsoUrl' | 'idpCertificates' | 'idpScopes' | 'metadataError' | 'metadataWarnings'
>;

/** The longest time that a sign-in waits for metadata. */
const SIGN_IN_TIMEOUT_MS = 4_000;

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

  /**
   * Refreshes the metadata of a connection during a sign-in, in a few seconds. The connection's own secret authorizes
   * the change. Nothing changes if the connection has changed since it was read.
   */
  async refreshForSignIn(found: FoundConnection): Promise<void> {
    const { row: connection } = found;
    const fetched = await this.providers.fetch(connection.metadataUrl!, storedChoice(connection), SIGN_IN_TIMEOUT_MS);
    const changes = this.changesOf(connection, fetched);
    // Logout needs a key. The daily refresh creates it.
    if (changes.idpSloUrl && connection.spKey === null) changes.idpSloUrl = null;
    const context = this.repository.refreshMetadata(connection, await found.dbSecret(), changes);
    await this.unitOfWork.run<void, { stored: boolean; org_id: string }>(context, ({ stored, org_id: orgId }) => {
      if (stored) withIdentity({ orgId, actor: { type: 'system', id: null } }, () => this.record(connection, changes));
    });
  }

  private async apply(connection: SsoConnectionEntity, fetched: Fetched): Promise<void> {
    const changes = this.changesOf(connection, fetched);
    const needsKey = this.spKeys.needed({ ...connection, ...changes });
    await this.repository.update(connection.id, {
      ...changes,
      ...(needsKey && (await this.spKeys.create(connection.id))),
    });
    this.record(connection, changes);
  }

  /** Returns the columns that a refresh changes. After a failure, this is only the error. */
  private changesOf(connection: RefreshedConnection, fetched: Fetched): Partial<SsoConnectionEntity> {
    const problem = problemOf(connection, fetched);
    if (problem !== null || 'problem' in fetched) return { metadataError: problem ?? 'unreachable' };
    const { provider } = fetched;
    return {
      ...provider,
      // without scopes in the metadata, those of the administrator stay
      ...(provider.idpScopes.length === 0 && { idpScopes: connection.idpScopes }),
      metadataFetchedAt: this.clock.now(),
      metadataError: null,
    };
  }

  private record(
    connection: RefreshedConnection,
    { metadataError, idpCertificates, idpSsoUrl, metadataWarnings }: Partial<SsoConnectionEntity>,
  ): void {
    const target = { type: 'sso-connection', id: connection.id } as const;
    if (metadataError) {
      if (connection.metadataError !== metadataError)
        this.audit.record('sso.metadata_refreshed', { outcome: 'failure', target, meta: { reason: metadataError } });
      return;
    }
    const [before, after] = [connection.idpCertificates, idpCertificates ?? []].map((list) => list.map(fingerprint));
    for (const certificate of after!.filter((one) => !before!.includes(one)))
      this.audit.record('sso.certificate_added', { target, meta: { certificate } });
    for (const certificate of before!.filter((one) => !after!.includes(one)))
      this.audit.record('sso.certificate_removed', { target, meta: { certificate } });
    const [known, found] = [codesOf(connection.metadataWarnings), codesOf(metadataWarnings ?? [])];
    const areWarningsNew = String(known) !== String(found);
    if (connection.idpSsoUrl !== idpSsoUrl || connection.metadataError !== null || areWarningsNew)
      this.audit.record('sso.metadata_refreshed', { target, ...(areWarningsNew && { meta: { warnings: found } }) });
  }
}

/** Returns why the metadata cannot be applied. Another entity id means another provider, which no member connected. */
function problemOf({ idpEntityId }: RefreshedConnection, fetched: Fetched): string | null {
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
