import { Injectable } from '@nestjs/common';
import { Problem } from '../../problem/problem.js';
import { RateLimiter, type RateLimit } from '../../http/rate-limit.js';
import type { Attempt, Layer } from '../attempt.js';

/** By key: a machine that runs wild is slowed before it reaches the database. */
export const BY_KEY: RateLimit = { name: 'api-key', points: 3_000, seconds: 60 };

/** Counts the requests of each API key. */
@Injectable()
export class KeyLimitLayer implements Layer {
  constructor(private readonly limiter: RateLimiter) {}

  async check({ apiKey }: Attempt): Promise<void> {
    if (apiKey !== undefined) await this.limiter.consume(BY_KEY, apiKey);
  }
}

/** A key acts for a member, but it is not the person. */
@Injectable()
export class PeopleOnlyLayer implements Layer {
  check({ apiKey, policy }: Attempt): void {
    if (apiKey !== undefined && policy.peopleOnly) throw new Problem('not_for_api_keys');
  }
}
