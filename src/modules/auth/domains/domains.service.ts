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

/**
 * The mail domains that the organization says are its own. What shows them to be is in the DNS, and looked up by the
 * worker.
 */
@Injectable()
export class DomainsService {
  constructor(
    private readonly domains: DomainsRepository,
    private readonly names: DnsResolver,
    private readonly roles: RolesService,
    private readonly jobs: Jobs,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditLog,
  ) {}

  async list() {
    return { items: (await this.domains.list()).map(present), nextCursor: null };
  }

  /**
   * Throws domain_not_allowed, domain_exists; insufficient_privileges_to_grant, since whose addresses the organization answers for decides
   * who accounts are of.
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

  /** The domain, added where it is not there yet. Throws as `add`. */
  async known(text: string) {
    const domain = ownDomain(text);
    const found = (await this.domains.list()).find((one) => one.domain === domain);
    return found === undefined ? this.add(domain) : present(found);
  }

  /** Throws not_found. */
  async remove(id: string): Promise<void> {
    if (!(await this.domains.delete(id))) throw new Problem('not_found');
    this.audit.record('sso.domain_removed', { target: { type: 'sso-domain', id } });
  }

  /** Has the worker look the record up, and says at once what a look from here shows. Throws not_found. */
  async verify(id: string) {
    const asked = await this.require(id);
    const recordFound = await this.unitOfWork.withoutTransaction(() => isProven(this.names, asked).catch(() => false));
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

/** Whether the DNS holds the proof of a domain. Rejects when nobody answers. */
export async function isProven(names: DnsResolver, domain: DomainRow): Promise<boolean> {
  const { name, value } = proofOf(domain);
  return (await names.texts(name)).includes(value);
}

function present(domain: DomainRow) {
  const status =
    domain.verifiedAt === null ? 'pending' : domain.verificationFailedAt === null ? 'verified' : 'verification_failed';
  return { ...domain, status, record: proofOf(domain) };
}
