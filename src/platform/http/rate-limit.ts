import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { Clock } from '../clock/clock.js';
import { RedisConfig } from '../config/services.config.js';
import { Problem } from '../problem/problem.js';
import { LocalWindow } from './sliding-window.js';

/**
 * Allows `points` uses within `seconds` for each key. The name is part of the Redis key, so each name has one limit.
 */
export interface RateLimit {
  readonly name: string;
  readonly points: number;
  readonly seconds: number;
}

/** A counted use. */
export interface Use {
  /** Removes the use from the window, because it turned out not to be one that the limit is for. Never throws. */
  giveBack(): Promise<void>;
}

/** The ioredis functions for counting. `status` is the connection state; `countUse` runs `COUNT_IN_REDIS`. */
export interface CountingRedis {
  readonly status: string;
  countUse(key: string, points: number, micros: number): Promise<number>;
  lrem(key: string, count: number, element: string): Promise<unknown>;
  del(key: string): Promise<unknown>;
  set(key: string, value: string, unit: 'PX', milliseconds: number): Promise<unknown>;
  getdel(key: string): Promise<string | null>;
}

/** The longest time between the step that admits a key and its next use: the time that a sign-in may take. */
const ADMISSION_MS = 10 * 60 * 1000;
const MAX_ADMISSIONS = 50_000;

export const RATE_LIMIT_REDIS = Symbol('rate limit redis');

@Injectable()
abstract class Limiters {
  private readonly known = new Map<string, { limit: RateLimit; window: LocalWindow }>();

  constructor(protected readonly clock: Clock) {}

  /** Counts one use of a hashed key. Returns the use, or the wait in milliseconds when the limit is reached. */
  protected abstract count(limit: RateLimit, key: string): Promise<Use | number>;

  /**
   * Counts one use and returns it. Throws too_many_requests with `Retry-After` when the limit is reached. A rejected
   * use does not count.
   */
  async consume(limit: RateLimit, key: string): Promise<Use> {
    const counted = await this.count(limit, fingerprint(key));
    if (typeof counted === 'number') throw tooManyRequests(limit, counted);
    return counted;
  }

  /** Clears the uses of a key, for example after a successful sign-in. */
  async reset(limit: RateLimit, key: string): Promise<void> {
    this.windowOf(limit).forget(fingerprint(key));
  }

  /** Returns the points of this process in local counting. */
  protected share({ points }: RateLimit): number {
    return points;
  }

  protected countHere(limit: RateLimit, key: string): Use | number {
    const [window, now] = [this.windowOf(limit), this.clock.millis()];
    const wait = window.count(key, now);
    return wait ?? { giveBack: async () => window.giveBack(key, now) };
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
  /** The admissions of this process while Redis is unavailable, with the time at which each ends. */
  private readonly admitted = new Map<string, number>();

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

  /** Admits the next use of a key within `ADMISSION_MS`, even above the limit. Each call replaces the one before. */
  async admitNext(limit: RateLimit, key: string): Promise<void> {
    const name = admissionKey(limit, fingerprint(key));
    if (await this.inRedis((redis) => redis.set(name, '1', 'PX', ADMISSION_MS))) return;
    if (this.admitted.size >= MAX_ADMISSIONS) this.admitted.delete(this.admitted.keys().next().value!);
    this.admitted.set(name, this.clock.millis() + ADMISSION_MS);
  }

  /** Returns whether a key was admitted, and uses the admission up. */
  async wasAdmitted(limit: RateLimit, key: string): Promise<boolean> {
    const name = admissionKey(limit, fingerprint(key));
    const here = (this.admitted.get(name) ?? 0) > this.clock.millis();
    this.admitted.delete(name);
    return here || (await this.inRedis((redis) => redis.getdel(name))) !== undefined;
  }

  protected override share({ points }: RateLimit): number {
    return Math.max(1, Math.floor(points / this.config.processes));
  }

  protected async count(limit: RateLimit, key: string): Promise<Use | number> {
    this.windowOf(limit);
    const name = redisKey(limit, key);
    const counted = await this.inRedis((redis) => redis.countUse(name, limit.points, limit.seconds * 1_000_000));
    if (counted === undefined) return this.countHere(limit, key);
    if (counted >= 0) return counted;
    return { giveBack: async () => void (await this.inRedis((redis) => redis.lrem(name, -1, String(-counted)))) };
  }

  /** Returns the answer of a Redis command. Returns undefined without Redis, and for a null answer. */
  private async inRedis<T>(command: (redis: CountingRedis) => Promise<T | null>): Promise<T | undefined> {
    if (this.redis.status !== 'ready') return undefined;
    return (await command(this.redis).catch(() => null)) ?? undefined;
  }
}

/** Rate limits local to this process, for callers that must not wait for Redis. */
@Injectable()
export class LocalRateLimiter extends Limiters {
  protected async count(limit: RateLimit, key: string): Promise<Use | number> {
    return this.countHere(limit, key);
  }
}

function admissionKey({ name }: RateLimit, key: string): string {
  return `limit-admission:${name}:${key}`;
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
