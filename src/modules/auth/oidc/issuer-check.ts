import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { Clock } from '../../../platform/clock/clock.js';
import { currentContext } from '../../../platform/context/context.js';
import { enterOrganization } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { SsoRepository, type ConnectionColumns, type ProviderFault, type SsoConnectionEntity } from '../sso/index.js';
import { OidcError } from './oidc-error.js';
import { ProviderMetadataCache } from './provider-metadata-cache.js';

const MAX_DETAIL = 300;

/**
 * Checks whether the issuer of a connection answers as an OpenID provider. An administrator can connect a provider that
 * does not answer yet; the connection then shows the fault and cannot pass a test.
 */
@Injectable()
export class IssuerCheck {
  constructor(
    private readonly providers: ProviderMetadataCache,
    private readonly repository: SsoRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Reads the documents of an issuer, and returns the columns that state the result. The caller must not have an open
   * transaction.
   */
  async check(issuer: string): Promise<ConnectionColumns> {
    try {
      await this.providers.check(issuer);
      return { metadataFetchedAt: this.clock.now(), metadataError: null, metadataWarnings: [] };
    } catch (error) {
      if (!(error instanceof OidcError)) throw error;
      const detail = (error.detail ?? '').slice(0, MAX_DETAIL).toWellFormed();
      return {
        metadataError: error.reason,
        metadataWarnings: [{ code: error.reason as ProviderFault, detail }],
      };
    }
  }

  /** Checks the issuer of a connection again. The caller must not have an open transaction. */
  async refresh(connectionId: string): Promise<void> {
    const organization = enterOrganization(currentContext().orgId);
    const stored = await this.unitOfWork.run(organization, () => this.repository.find(connectionId));
    const issuer = stored?.oidcIssuer;
    if (!issuer) return;
    const result = await this.check(issuer);
    await this.unitOfWork.run(organization, async () => {
      const connection = await this.repository.find(connectionId);
      if (connection?.oidcIssuer === issuer) await this.store(connection, result);
    });
  }

  private async store({ id, metadataError: before }: SsoConnectionEntity, result: ConnectionColumns): Promise<void> {
    await this.repository.update(id, result);
    const reason = result.metadataError ?? undefined;
    if (before === (reason ?? null)) return;
    this.audit.record('sso.metadata_refreshed', {
      outcome: reason === undefined ? 'success' : 'failure',
      target: { type: 'sso-connection', id },
      meta: { reason },
    });
  }
}
