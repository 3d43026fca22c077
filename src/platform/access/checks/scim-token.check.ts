import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import { currentContext } from '../../context/context.js';
import { hashToken } from '../../crypto/index.js';
import { enterScim, type TenantContext } from '../../database/tenant-context.js';
import { UnitOfWork } from '../../database/unit-of-work.js';
import { networkOf } from '../../http/network.js';
import { Problem } from '../../problem/problem.js';
import { RateLimiter, type RateLimit } from '../../http/rate-limit.js';
import { unauthenticatedProblem } from '../api-key.js';
import type { GuardContext, AccessCheck } from '../guard-context.js';
import { bearerScimToken } from '../scim-token.js';
import { REJECTED_KEYS_RATE_LIMIT } from './rejected-api-keys.js';

/**
 * Per token. The first provisioning of 5,000 users takes about 15,000 requests: a search, a creation, and an update for
 * each. Microsoft asks for 25 requests a second and does not slow down by itself. So the sustained rate is 50 a second
 * over ten minutes.
 */
export const SCIM_TOKEN_RATE_LIMIT: RateLimit = { name: 'scim-token', points: 30_000, seconds: 600 };
/** Per token. A faulty client cannot send more than 200 requests a second. */
export const SCIM_BURST_RATE_LIMIT: RateLimit = { name: 'scim-burst', points: 2_000, seconds: 10 };
/**
 * Per network, for tokens that this process has not accepted before. Accepted tokens do not count, because the
 * directories of many organizations share the addresses of a cloud provider.
 */
export const SCIM_IP_RATE_LIMIT: RateLimit = { name: 'scim-address', points: 6_000, seconds: 60 };
const MAX_ACCEPTED_TOKENS = 10_000;

/** The row of `app.enter_scim`. */
interface ScimTokenRow {
  state: 'ok' | 'unknown' | 'revoked' | 'expired' | 'disabled' | 'suspended';
  org_id: string;
  connection_id: string;
  token_id: string;
  [column: string]: unknown;
}

/**
 * Authenticates a SCIM client by its token only; cookies have no effect. An invalid token gets a 401 without a reason,
 * and the audit log of the organization records the reason.
 */
@Injectable()
export class ScimTokenCheck implements AccessCheck {
  /** The hashes of tokens that were valid at their last request. Each request checks the token again. */
  private readonly accepted = new Set<string>();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly limiter: RateLimiter,
    private readonly audit: AuditLog,
  ) {}

  async check(attempt: GuardContext): Promise<void> {
    const context = currentContext();
    const token = bearerScimToken(attempt.request.headers.authorization ?? '');
    const digest = token === undefined ? '' : hashToken(token).toString('base64');
    if (!this.accepted.has(digest)) await this.limiter.consume(SCIM_IP_RATE_LIMIT, networkOf(context.ip));
    if (token === undefined) throw unauthenticated(attempt);
    await this.limiter.consume(SCIM_BURST_RATE_LIMIT, token);
    await this.limiter.consume(SCIM_TOKEN_RATE_LIMIT, token);
    const enter = (readOnly: boolean): TenantContext<ScimTokenRow> => ({
      ...enterScim(token, context.ip, readOnly),
      identity: ({ state, org_id: orgId, connection_id: id }) =>
        state === 'unknown' ? {} : { orgId, actor: { type: 'source', id } },
    });
    const row = await this.unitOfWork.begin(enter(!attempt.mutating));
    if (row.state !== 'ok') {
      this.accepted.delete(digest);
      await this.recordRejection(token, row);
      throw unauthenticated(attempt);
    }
    if (this.accepted.size >= MAX_ACCEPTED_TOKENS) this.accepted.clear();
    this.accepted.add(digest);
    context.allow({ audit: () => enter(true) });
  }

  /** Counts a rejected token per network and records it in the audit log of the organization, if the token is known. */
  private async recordRejection(token: string, row: ScimTokenRow): Promise<void> {
    const { state, token_id: id, connection_id: connectionId } = row;
    const context = currentContext();
    await this.unitOfWork.rollback();
    await this.limiter.consume(REJECTED_KEYS_RATE_LIMIT, networkOf(context.ip));
    if (state === 'unknown') return;
    const again: TenantContext<ScimTokenRow> = {
      ...enterScim(token, context.ip, true),
      identity: ({ org_id: orgId }) => ({ orgId }),
    };
    await this.unitOfWork.run(again, () => {
      this.audit.record('scim.token_rejected', {
        target: { type: 'scim-token', id },
        outcome: 'denied',
        meta: { reason: state, connectionId },
      });
    });
  }
}

/** Returns the 401. A request without a token gets WWW-Authenticate as well (RFC 7644 section 2). */
function unauthenticated(attempt: GuardContext): Problem {
  return attempt.request.headers.authorization === undefined
    ? new Problem('unauthenticated', { headers: { 'WWW-Authenticate': 'Bearer' } })
    : unauthenticatedProblem(attempt, 'unauthenticated');
}
