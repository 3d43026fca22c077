import { X509Certificate } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { Clock } from '../../../platform/clock/clock.js';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { OnJob, type JobCounts, type JobPayload } from '../../../platform/jobs/on-job.js';
import type { SsoConnectionEntity } from '../sso/index.js';
import { SsoNotices, SsoProtocols, SsoRepository } from '../sso/index.js';
import { REFRESH_EVENTS } from './saml-form.js';
import { MetadataRefresh } from './metadata-refresh.js';

const DAY_MS = 86_400_000;
/** The numbers of days before the expiry of the last certificate at which one warning each is sent. */
const WARNINGS = [1, 7, 30];

/** Runs the daily jobs of SAML connections. */
@Injectable()
export class SamlJobs {
  constructor(
    private readonly connections: SsoRepository,
    private readonly metadata: MetadataRefresh,
    private readonly protocols: SsoProtocols,
    private readonly notices: SsoNotices,
    private readonly jobs: Jobs,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /**
   * Enqueues one refresh for each connection with a metadata URL or an issuer, and warns of certificates that expire.
   */
  @OnJob('sso.daily', { emits: ['sso.certificate_expiring'] })
  async daily(): Promise<JobCounts> {
    const connections = await this.connections.list();
    const fetched = connections.filter(({ metadataUrl, oidcIssuer }) => metadataUrl !== null || oidcIssuer !== null);
    for (const { id, protocol } of fetched)
      await this.jobs.enqueue(this.protocols.get(protocol).refreshJob, { connectionId: id }, { orderKey: id });
    for (const connection of connections) await this.warn(connection);
    return { connections: fetched.length };
  }

  @OnJob('sso.refresh_metadata', {
    transaction: 'own',
    emits: REFRESH_EVENTS,
  })
  refresh({ connectionId }: JobPayload): Promise<void> {
    return this.metadata.refresh(String(connectionId));
  }

  private async warn({ id, idpCertificates, expiryAlert }: SsoConnectionEntity): Promise<void> {
    if (idpCertificates.length === 0) return;
    const ends = Math.max(...idpCertificates.map((pem) => Date.parse(new X509Certificate(pem).validTo)));
    const days = WARNINGS.find((warning) => ends - this.clock.millis() <= warning * DAY_MS) ?? null;
    if (days === expiryAlert || (days !== null && expiryAlert !== null && days > expiryAlert)) return;
    await this.connections.update(id, { expiryAlert: days });
    if (days === null) return;
    this.audit.record('sso.certificate_expiring', { target: { type: 'sso-connection', id }, meta: { days } });
    await this.notices.notify('certificate_expiring', id, days);
  }
}
