import { Injectable } from '@nestjs/common';
import { OnJob, type JobPayload } from '../../../platform/jobs/on-job.js';
import { IssuerCheck } from './issuer-check.js';

/** Runs the jobs of OpenID Connect connections. */
@Injectable()
export class OidcJobs {
  constructor(private readonly issuers: IssuerCheck) {}

  @OnJob('sso.check_issuer', { transaction: 'own', emits: ['sso.metadata_refreshed'] })
  check({ connectionId }: JobPayload): Promise<void> {
    return this.issuers.refresh(String(connectionId));
  }
}
