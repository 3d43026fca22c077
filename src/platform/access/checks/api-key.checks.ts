import { Injectable } from '@nestjs/common';
import { Problem } from '../../problem/problem.js';
import { RateLimiter, type RateLimit } from '../../http/rate-limit.js';
import type { GuardContext, AccessCheck } from '../guard-context.js';

/** Per API key. Limits a faulty client before its requests reach the database. */
export const API_KEY_RATE_LIMIT: RateLimit = { name: 'api-key', points: 3_000, seconds: 60 };

/** Applies the rate limit of each API key. */
@Injectable()
export class ApiKeyLimitCheck implements AccessCheck {
  constructor(private readonly limiter: RateLimiter) {}

  async check({ apiKey }: GuardContext): Promise<void> {
    if (apiKey !== undefined) await this.limiter.consume(API_KEY_RATE_LIMIT, apiKey);
  }
}

/**
 * Denies API keys on routes that require the user: a key acts for a member but does not prove the presence of the user.
 */
@Injectable()
export class InteractiveOnlyCheck implements AccessCheck {
  check({ apiKey, policy }: GuardContext): void {
    if (apiKey !== undefined && policy.interactiveOnly) throw new Problem('api_key_not_allowed');
  }
}
