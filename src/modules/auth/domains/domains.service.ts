import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { newId } from '../../../platform/clock/id.js';
import { randomToken } from '../../../platform/crypto/index.js';
import { isUniqueViolation } from '../../../platform/database/errors.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { Problem } from '../../../platform/problem/index.js';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { DnsResolver } from '../../../platform/outbound/index.js';
import { RolesService } from '../../rbac/index.js';
import { ownDomain, proofOf } from './domain.js';
import { DomainsRepository, type DomainRow } from './domains.repository.js';

/** Manages the mail domains of the current organization. The worker verifies them through DNS. */
@Injectable()
export class DomainsService {
  constructor(
    private readonly domains: DomainsRepository,
    private readonly dns: DnsResolver,
    private readonly roles: RolesService,
    private readonly jobs: Jobs,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  async list() {
    return { items: (await this.domains.list()).map(present), nextCursor: null };
  }

  /**
   * Adds a mail domain. Throws `domain_not_allowed` when the text is not a domain or names a public mail provider.
   * Throws `domain_exists` when the organization already has the domain. Throws `insufficient_privileges_to_grant` when
   * the caller lacks permissions of the owner role: a verified domain decides which accounts the organization can
   * claim.
   */
  async add(text: string) {
    await this.roles.assertSpeaksForAll();
    const domain = ownDomain(text);
    const id = newId();
    try {
      await this.domains.insert({ id, domain, token: randomToken() });
    } catch (error) {
      if (isUniqueViolation(error)) throw new Problem('domain_exists');
      throw error;
    }
    this.audit.record('sso.domain_added', { target: { type: 'sso-domain', id } });
    return present(await this.require(id));
  }

  /** Returns the domain. Adds it first if the organization does not have it. Throws the same errors as `add`. */
  async findOrAdd(text: string) {
    const domain = ownDomain(text);
    const found = (await this.domains.list()).find((one) => one.domain === domain);
    return found === undefined ? this.add(domain) : present(found);
  }

  /** Removes a domain. Throws `not_found` when the organization does not have it. */
  async remove(id: string): Promise<void> {
    if (!(await this.domains.delete(id))) throw new Problem('not_found');
    this.audit.record('sso.domain_removed', { target: { type: 'sso-domain', id } });
  }

  /**
   * Enqueues a check by the worker. Returns the result of a DNS lookup that the API makes at once. Throws `not_found`
   * when the organization does not have the domain.
   */
  async verify(id: string) {
    const current = await this.require(id);
    const recordFound = await this.unitOfWork.withoutTransaction(() => isProven(this.dns, current).catch(() => false));
    const domain = await this.require(id);
    await this.jobs.enqueue('sso.check_domain', { domainId: id }, { orderKey: id });
    this.audit.record('sso.domain_check_requested', { target: { type: 'sso-domain', id } });
    return { ...present(domain), recordFound };
  }

  private async require(id: string): Promise<DomainRow> {
    const domain = await this.domains.find(id);
    if (domain === null) throw new Problem('not_found');
    return domain;
  }
}

/** Returns whether DNS holds the record that proves the domain. The promise rejects when DNS does not answer. */
export async function isProven(dns: DnsResolver, domain: DomainRow): Promise<boolean> {
  const { name, value } = proofOf(domain);
  return (await dns.texts(name)).includes(value);
}

function present(domain: DomainRow) {
  const status =
    domain.verifiedAt === null ? 'pending' : domain.verificationFailedAt === null ? 'verified' : 'verification_failed';
  return { ...domain, status, record: proofOf(domain) };
}
