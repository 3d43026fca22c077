import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { Problem } from './problem.js';

/** So many points in so many seconds for each key. The name is part of the stored key: one name, one limit. */
export interface RateLimit {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/** The part of ioredis that counting needs; `status` tells whether it is connected. */
export const RATE_LIMIT_REDIS = Symbol('rate limit redis');

abstract class Limiters {
  private readonly limiters = new Map<string, { limit: RateLimit; limiter: RateLimiterAbstract }>();

  protected abstract create(limit: RateLimit): RateLimiterAbstract;

  /** Counts one use. Throws too_many_requests with `Retry-After` when the limit is passed. */
  async consume(limit: RateLimit, key: string): Promise<void> {
    try {
      await this.limiterOf(limit).consume(fingerprint(key));
    } catch (refusal) {
      if (refusal instanceof RateLimiterRes) throw refused(limit, refusal.msBeforeNext);
      throw refusal;
    }
  }

  /** Forgets what a key has used, for example after a sign-in that succeeded. */
  async reset(limit: RateLimit, key: string): Promise<void> {
    await this.limiterOf(limit).delete(fingerprint(key));
  }

  private limiterOf(limit: RateLimit): RateLimiterAbstract {
    const known = this.limiters.get(limit.name);
    if (known === undefined) {
      const limiter = this.create(limit);
      this.limiters.set(limit.name, { limit, limiter });
      return limiter;
    }
    if (known.limit.points !== limit.points || known.limit.seconds !== limit.seconds) {
      throw new Error(`two different rate limits are called "${limit.name}"`);
    }
    return known.limiter;
  }
}

/** Limits shared by all processes through Redis; while Redis is away each process counts for itself, never none. */
@Injectable()
export class RateLimiter extends Limiters {
  constructor(@Inject(RATE_LIMIT_REDIS) private readonly redis: object) {
    super();
  }

  protected create({ name, points, seconds }: RateLimit): RateLimiterAbstract {
    const options = { keyPrefix: `limit:${name}`, points, duration: seconds };
    return new RateLimiterRedis({
      ...options,
      storeClient: this.redis,
      rejectIfRedisNotReady: true,
      insuranceLimiter: new RateLimiterMemory(options),
    });
  }
}

/** Limits of this process alone, for callers that must not wait for Redis. */
@Injectable()
export class LocalRateLimiter extends Limiters {
  protected create({ name, points, seconds }: RateLimit): RateLimiterAbstract {
    return new RateLimiterMemory({ keyPrefix: name, points, duration: seconds });
  }
}

/** Keys may be addresses of people; Redis gets to see none. */
function fingerprint(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22);
}

function refused({ name, points, seconds }: RateLimit, millis: number): Problem {
  const wait = Math.max(1, Math.ceil(millis / 1000));
  return new Problem('too_many_requests', {
    headers: {
      'Retry-After': String(wait),
      'RateLimit-Policy': `"${name}";q=${points};w=${seconds}`,
      RateLimit: `"${name}";r=0;t=${wait}`,
    },
  });
}
