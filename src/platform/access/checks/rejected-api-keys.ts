import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import { currentContext } from '../../context/context.js';
import type { TenantContext } from '../../database/tenant-context.js';
import { UnitOfWork } from '../../database/unit-of-work.js';
import { networkOf } from '../../http/network.js';
import { RateLimiter, type RateLimit } from '../../http/rate-limit.js';
import type { SessionRow } from '../guard-context.js';

/** Per network. Keys with 256 random bits cannot be guessed; the limit stops attempts and keeps the audit log small. */
export const REJECTED_KEYS_RATE_LIMIT: RateLimit = { name: 'refused-api-keys', points: 30, seconds: 300 };

/** Counts rejected API keys per network and records them in the audit log of the organization, if the key is known. */
@Injectable()
export class RejectedApiKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly limiter: RateLimiter,
    private readonly audit: AuditLog,
  ) {}

  /** Records a rejected key. `again` enters in a new transaction that may write. Throws `too_many_requests`. */
  async record(again: TenantContext, { state, api_key_id: id }: SessionRow): Promise<void> {
    await this.unitOfWork.rollback(); // frees the connection before the call to Redis
    await this.limiter.consume(REJECTED_KEYS_RATE_LIMIT, networkOf(currentContext().ip));
    if (state === 'unknown') return;
    const entered = { ...again, identity: (row: Record<string, unknown>) => ({ orgId: String(row.org_id) }) };
    await this.unitOfWork.run(entered, () => {
      this.audit.record('api_key.rejected', {
        target: { type: 'api-key', id: id! },
        outcome: 'denied',
        meta: { reason: state },
      });
    });
  }
}
