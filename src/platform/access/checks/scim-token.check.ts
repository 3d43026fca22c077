import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../audit/audit-log.js';
import { currentContext } from '../../context/context.js';
import { enterScim, type TenantContext } from '../../database/tenant-context.js';
import { UnitOfWork } from '../../database/unit-of-work.js';
import { Problem } from '../../problem/problem.js';
import { RateLimiter, type RateLimit } from '../../http/rate-limit.js';
import { unauthenticatedProblem } from '../api-key.js';
import type { GuardContext, AccessCheck } from '../guard-context.js';
import { bearerScimToken } from '../scim-token.js';
import { REJECTED_KEYS_RATE_LIMIT } from './rejected-api-keys.js';

/** By token: Entra ID sends up to 25 requests a second while it provisions. */
export const SCIM_TOKEN_RATE_LIMIT: RateLimit = { name: 'scim-token', points: 3_000, seconds: 60 };
/** By address, before any token is looked at. */
export const SCIM_IP_RATE_LIMIT: RateLimit = { name: 'scim-address', points: 6_000, seconds: 60 };

/** The row of `app.enter_scim`. */
interface DirectoryRow {
  state: 'ok' | 'unknown' | 'revoked' | 'expired' | 'disabled' | 'suspended';
  org_id: string;
  connection_id: string;
  token_id: string;
  [column: string]: unknown;
}

/**
 * Enters with a directory's SCIM token, and nothing else: no cookie counts here. One that is over is not told why, its
 * organization's log is.
 */
@Injectable()
export class ScimTokenCheck implements AccessCheck {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly limiter: RateLimiter,
    private readonly audit: AuditLog,
  ) {}

  async check(attempt: GuardContext): Promise<void> {
    const context = currentContext();
    await this.limiter.consume(SCIM_IP_RATE_LIMIT, context.ip ?? 'unknown');
    const token = bearerScimToken(attempt.request.headers.authorization ?? '');
    if (token === undefined) throw refused(attempt);
    await this.limiter.consume(SCIM_TOKEN_RATE_LIMIT, token);
    const enter = (readOnly: boolean): TenantContext<DirectoryRow> => ({
      ...enterScim(token, context.ip, readOnly),
      identity: ({ org_id: orgId, connection_id: id }) => ({ orgId, actor: { type: 'source', id } }),
    });
    const row = await this.unitOfWork.begin(enter(!attempt.mutating));
    if (row.state !== 'ok') {
      await this.note(token, row);
      throw refused(attempt);
    }
    context.allow({ audit: () => enter(true) });
  }

  /**
   * What becomes of a token that did not open: it is counted, and where it is known, its organization's log tells of
   * it.
   */
  private async note(token: string, { state, token_id: id, connection_id: connectionId }: DirectoryRow): Promise<void> {
    const context = currentContext();
    await this.unitOfWork.rollback();
    await this.limiter.consume(REJECTED_KEYS_RATE_LIMIT, context.ip ?? 'unknown');
    if (state === 'unknown') return;
    const again: TenantContext<DirectoryRow> = {
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

/** A request without a token is told as well how to come (RFC 7644 section 2). */
function refused(attempt: GuardContext): Problem {
  return attempt.request.headers.authorization === undefined
    ? new Problem('unauthenticated', { headers: { 'WWW-Authenticate': 'Bearer' } })
    : unauthenticatedProblem(attempt, 'unauthenticated');
}
