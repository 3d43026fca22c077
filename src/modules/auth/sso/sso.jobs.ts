import { X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditTrail } from '../../../platform/audit/audit-trail.js';
import { Clock } from '../../../platform/clock/clock.js';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { OnJob, type JobCounts, type JobPayload } from '../../../platform/jobs/on-job.js';
import { DomainChecks } from '../domains/domain-checks.js';
import { MetadataRefresh } from '../saml/metadata-refresh.js';
import type { SsoConnectionEntity } from './sso-connection.entity.js';
import { SsoDomainsRepository } from '../domains/domains.repository.js';
import type { NoticeKind } from './sso-mail.js';
import { SsoNotices } from './sso-notices.service.js';
import { SsoRepository } from './sso.repository.js';

const DAY_MILLIS = 86_400_000;
/** How many days before the last certificate ends it is warned of, once each. */
const WARNINGS = [1, 7, 30];

/** What the worker does for single sign-on. */
@Injectable()
export class SsoJobs {
  constructor(
    private readonly connections: SsoRepository,
    private readonly domains: SsoDomainsRepository,
    private readonly metadata: MetadataRefresh,
    private readonly checks: DomainChecks,
    private readonly notices: SsoNotices,
    private readonly jobs: Jobs,
    private readonly audit: AuditTrail,
    private readonly clock: Clock,
  ) {}

  /** What is to be done each day in an organization: each look outside as a job of its own. */
  @OnJob('sso.daily', { emits: ['sso.certificate_expiring'] })
  async daily(): Promise<JobCounts> {
    const connections = await this.connections.list();
    const fetched = connections.filter(({ metadataUrl }) => metadataUrl !== null);
    for (const { id } of fetched)
      await this.jobs.enqueue('sso.refresh_metadata', { connectionId: id }, { orderKey: id });
    const due = await this.domains.due();
    for (const domainId of due) await this.jobs.enqueue('sso.check_domain', { domainId }, { orderKey: domainId });
    for (const connection of connections) await this.warn(connection);
    return { connections: fetched.length, domains: due.length };
  }

  @OnJob('sso.refresh_metadata', {
    transaction: 'own',
    emits: ['sso.metadata_refreshed', 'sso.certificate_added', 'sso.certificate_removed'],
  })
  refresh({ connectionId }: JobPayload): Promise<void> {
    return this.metadata.refresh(String(connectionId));
  }

  @OnJob('sso.check_domain', {
    transaction: 'own',
    emits: ['sso.domain_verified', 'sso.domain_proof_lost', 'sso.domain_unverified'],
  })
  async check({ domainId }: JobPayload): Promise<void> {
    await this.checks.check(String(domainId));
  }

  @OnJob('sso.notify', { transaction: 'own' })
  notify({ kind, subjectId, membershipId, days }: JobPayload): Promise<void> {
    return this.notices.send(kind as NoticeKind, String(subjectId), String(membershipId), Number(days));
  }

  /** Asked for by the database itself, with the session that it is about. */
  @OnJob('auth.tell_break_glass', { emits: ['auth.break_glass_sign_in'] })
  async tellBreakGlass({ sessionId, membershipId, userId }: JobPayload): Promise<JobCounts> {
    this.audit.record('auth.break_glass_sign_in', {
      target: { type: 'user', id: String(userId) },
      meta: { sessionId, membershipId },
    });
    return { told: await this.notices.tell('break_glass', String(membershipId)) };
  }

  private async warn({ id, idpCertificates, expiryAlert }: SsoConnectionEntity): Promise<void> {
    if (idpCertificates.length === 0) return;
    const ends = Math.max(...idpCertificates.map((pem) => Date.parse(new X509Certificate(pem).validTo)));
    const days = WARNINGS.find((warning) => ends - this.clock.millis() <= warning * DAY_MILLIS) ?? null;
    if (days === expiryAlert || (days !== null && expiryAlert !== null && days > expiryAlert)) return;
    await this.connections.update(id, { expiryAlert: days });
    if (days === null) return;
    this.audit.record('sso.certificate_expiring', { target: { type: 'sso-connection', id }, meta: { days } });
    await this.notices.tell('certificate_expiring', id, days);
  }
}
