import { Injectable } from '@nestjs/common';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { OnJob, type JobCounts, type JobPayload } from '../../../platform/jobs/on-job.js';
import { DomainChecks } from './domain-checks.js';
import { DomainsRepository } from './domains.repository.js';

/** The jobs that check the DNS records of mail domains. */
@Injectable()
export class DomainJobs {
  constructor(
    private readonly domains: DomainsRepository,
    private readonly checks: DomainChecks,
    private readonly jobs: Jobs,
  ) {}

  /** Enqueues one job for each domain whose check is due today. */
  @OnJob('sso.check_domains')
  async enqueueDue(): Promise<JobCounts> {
    const due = await this.domains.due();
    for (const domainId of due) await this.jobs.enqueue('sso.check_domain', { domainId }, { orderKey: domainId });
    return { domains: due.length };
  }

  @OnJob('sso.check_domain', {
    transaction: 'own',
    emits: ['sso.domain_verified', 'sso.domain_verification_failed', 'sso.domain_unverified'],
  })
  async check({ domainId }: JobPayload): Promise<void> {
    await this.checks.check(String(domainId));
  }
}
