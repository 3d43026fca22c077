import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { currentContext } from '../../../platform/context/context.js';
import { enterOrganization } from '../../../platform/database/tenant-context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { toProblem } from '../../../platform/http/problem.map.js';
import { DnsResolver } from '../../../platform/outbound/index.js';
import { DomainsRepository, type DomainRow } from './domains.repository.js';
import { isProven } from './domains.service.js';
import { SsoNotices } from '../sso/index.js';

/**
 * Looks up the DNS records of domains and stores the results. Requires the database role of the worker. The caller must
 * not have an open transaction.
 */
@Injectable()
export class DomainChecks {
  constructor(
    private readonly domains: DomainsRepository,
    private readonly dns: DnsResolver,
    private readonly notices: SsoNotices,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  /** Checks one domain and returns its new row; returns null when no domain has this id. */
  async check(id: string): Promise<DomainRow | null> {
    const domain = await this.within(() => this.domains.find(id));
    if (domain === null) return null;
    const isDomainProven = await isProven(this.dns, domain).catch(() => null);
    if (isDomainProven === null) await this.within(() => this.domains.recordDnsFailure(id));
    else if (isDomainProven) await this.recordProof(domain);
    else await this.within(() => this.recordMissing(domain, 'record_missing'));
    return this.within(() => this.domains.find(id));
  }

  /**
   * Marks a domain as verified without a DNS lookup. Demonstration data needs this, because its domains do not exist.
   * Does nothing when no domain has this id.
   */
  async markVerified(id: string): Promise<void> {
    const domain = await this.within(() => this.domains.find(id));
    if (domain !== null) await this.recordProof(domain);
  }

  private async recordProof(domain: DomainRow): Promise<void> {
    try {
      await this.within(async () => {
        await this.domains.recordFound(domain.id);
        if (domain.verifiedAt === null)
          this.audit.record('sso.domain_verified', { target: { type: 'sso-domain', id: domain.id } });
      });
    } catch (error) {
      if (toProblem(error).code !== 'domain_taken') throw error;
      await this.within(() => this.recordMissing(domain, 'domain_taken'));
    }
  }

  private async recordMissing({ id, verifiedAt, verificationFailedAt }: DomainRow, problem: string): Promise<void> {
    const after = await this.domains.recordMissing(id, problem);
    if (after === null || verifiedAt === null) return;
    const target = { type: 'sso-domain', id } as const;
    if (after.verifiedAt === null) this.audit.record('sso.domain_unverified', { target, meta: { reason: problem } });
    else if (verificationFailedAt === null)
      this.audit.record('sso.domain_verification_failed', { target, meta: { reason: problem } });
    if (after.verifiedAt === null || verificationFailedAt === null)
      await this.notices.notify(after.verifiedAt === null ? 'domain_unverified' : 'domain_lost', id);
  }

  private within<T>(fn: () => Promise<T>): Promise<T> {
    return this.unitOfWork.run(enterOrganization(currentContext().orgId), fn);
  }
}
