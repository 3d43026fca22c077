import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { Clock } from '../clock/clock.js';
import { RedisConfig } from '../config/services.config.js';
import { Problem } from '../problem/problem.js';
import { LocalWindow, type Wait } from './sliding-window.js';

/** So many points in any so many seconds for each key. The name is part of the stored key: one name, one limit. */
export interface RateLimit {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/**
 * The part of ioredis that counting needs; `status` tells whether it is connected, `countUse` runs `COUNT_IN_REDIS`.
 */
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

  /** Counts one use; says how long to wait where there is no room. */
  protected abstract count(limit: RateLimit, key: string): Promise<Wait>;

  /**
   * Counts one use. Throws too_many_requests with `Retry-After` when the limit is passed; what is refused does not
   * count.
   */
  async consume(limit: RateLimit, key: string): Promise<void> {
    const wait = await this.count(limit, fingerprint(key));
    if (wait !== null) throw refused(limit, wait);
  }

  /** Forgets what a key has used, for example after a sign-in that succeeded. */
  async reset(limit: RateLimit, key: string): Promise<void> {
    this.windowOf(limit).forget(fingerprint(key));
  }

  /** How many points this process gives by itself. */
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
 * Limits shared by all processes through Redis. While it is away each process gives its part of the points, never all
 * of them.
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
    if (this.redis.status === 'ready') await this.redis.del(stored(limit, fingerprint(key))).catch(() => undefined);
  }

  protected override share({ points }: RateLimit): number {
    return Math.max(1, Math.floor(points / this.config.processes));
  }

  protected async count(limit: RateLimit, key: string): Promise<Wait> {
    this.windowOf(limit);
    if (this.redis.status !== 'ready') return this.countHere(limit, key);
    try {
      const wait = await this.redis.countUse(stored(limit, key), limit.points, limit.seconds * 1_000_000);
      return wait < 0 ? null : wait;
    } catch {
      return this.countHere(limit, key);
    }
  }
}

/** Limits of this process alone, for callers that must not wait for Redis. */
@Injectable()
export class LocalRateLimiter extends Limiters {
  protected async count(limit: RateLimit, key: string): Promise<Wait> {
    return this.countHere(limit, key);
  }
}

function stored({ name }: RateLimit, key: string): string {
  return `limit:${name}:${key}`;
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
