import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { Clock } from '../clock/clock.js';
import { RedisConfig } from '../config/services.config.js';
import { Problem } from '../problem/problem.js';
import { LocalWindow, type Wait } from './sliding-window.js';

/**
 * Allows `points` uses within `seconds` for each key. The name is part of the Redis key, so each name has one limit.
 */
export interface RateLimit {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/** The ioredis functions for counting. `status` is the connection state; `countUse` runs `COUNT_IN_REDIS`. */
export interface CountingRedis {
  readonly status: string;
  countUse(key: string, points: number, micros: number): Promise<number>;
  del(key: string): Promise<unknown>;
}

export const RATE_LIMIT_REDIS = Symbol('rate limit redis');

@Injectable()
abstract class Limiters {
  private readonly known = new Map<string, { limit: RateLimit; window: LocalWindow }>();

  constructor(protected readonly clock: Clock) {}

  /** Counts one use. Returns the wait in milliseconds when the limit is reached. */
  protected abstract count(limit: RateLimit, key: string): Promise<Wait>;

  /**
   * Counts one use. Throws too_many_requests with `Retry-After` when the limit is reached. A rejected use does not
   * count.
   */
  async consume(limit: RateLimit, key: string): Promise<void> {
    const wait = await this.count(limit, fingerprint(key));
    if (wait !== null) throw tooManyRequests(limit, wait);
  }

  /** Clears the uses of a key, for example after a successful sign-in. */
  async reset(limit: RateLimit, key: string): Promise<void> {
    this.windowOf(limit).forget(fingerprint(key));
  }

  /** Returns the points of this process in local counting. */
  protected share({ points }: RateLimit): number {
    return points;
  }

  protected countHere(limit: RateLimit, key: string): Wait {
    return this.windowOf(limit).count(key, this.clock.millis());
  }

  protected windowOf(limit: RateLimit): LocalWindow {
    const known = this.known.get(limit.name);
    if (known === undefined) {
      const window = new LocalWindow(this.share(limit), limit.seconds * 1_000);
      this.known.set(limit.name, { limit, window });
      return window;
    }
    if (known.limit.points !== limit.points || known.limit.seconds !== limit.seconds)
      throw new Error(`two different rate limits are called "${limit.name}"`);
    return known.window;
  }
}

/**
 * Rate limits shared by all processes through Redis. While Redis is unavailable, each process allows its fraction of
 * the points.
 */
@Injectable()
export class RateLimiter extends Limiters {
  constructor(
    @Inject(RATE_LIMIT_REDIS) private readonly redis: CountingRedis,
    private readonly config: RedisConfig,
    clock: Clock,
  ) {
    super(clock);
  }

  override async reset(limit: RateLimit, key: string): Promise<void> {
    await super.reset(limit, key);
    if (this.redis.status === 'ready') await this.redis.del(redisKey(limit, fingerprint(key))).catch(() => undefined);
  }

  protected override share({ points }: RateLimit): number {
    return Math.max(1, Math.floor(points / this.config.processes));
  }

  protected async count(limit: RateLimit, key: string): Promise<Wait> {
    this.windowOf(limit);
    if (this.redis.status !== 'ready') return this.countHere(limit, key);
    try {
      const wait = await this.redis.countUse(redisKey(limit, key), limit.points, limit.seconds * 1_000_000);
      return wait < 0 ? null : wait;
    } catch {
      return this.countHere(limit, key);
    }
  }
}

/** Rate limits local to this process, for callers that must not wait for Redis. */
@Injectable()
export class LocalRateLimiter extends Limiters {
  protected async count(limit: RateLimit, key: string): Promise<Wait> {
    return this.countHere(limit, key);
  }
}

function redisKey({ name }: RateLimit, key: string): string {
  return `limit:${name}:${key}`;
}

/** Hashes a key, because keys can be e-mail addresses or IPs that Redis must not store. */
function fingerprint(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 22);
}

function tooManyRequests({ name, points, seconds }: RateLimit, waitMs: number): Problem {
  const wait = Math.max(1, Math.ceil(waitMs / 1000));
  return new Problem('too_many_requests', {
    headers: {
      'Retry-After': String(wait),
      'RateLimit-Policy': `"${name}";q=${points};w=${seconds}`,
      RateLimit: `"${name}";r=0;t=${wait}`,
    },
  });
}
