import { createHash } from 'node:crypto';
import type { SsoIntent } from './verified-identity.js';
import { ensure, SsoError } from '../sso-messages/index.js';

/** The longest time that a sign-in may take at the identity provider, and the greatest age of its response. */
export const SIGN_IN_MS = 10 * 60 * 1000;

/** The part of the ioredis interface that the sign-in needs. A `Redis` instance fits. */
export interface SignInRedis {
  set(key: string, value: string, unit: 'PX', ttlMs: number, condition: 'NX'): Promise<'OK' | null>;
  getdel(key: string): Promise<string | null>;
}

/** The three values that identify a sign-in request. All three must match in the response. */
export interface RequestBinding {
  readonly connectionId: string;
  /** The request id in the response: SAML's request id or OpenID Connect's state. */
  readonly requestId: string;
  /**
   * The random cookie of the browser that sent the request. Without it, an attacker could plant their own response in a
   * victim's browser.
   */
  readonly browser: string;
}

/** A request that was sent to an identity provider and has no response yet. */
export interface PendingRequest {
  readonly requestId: string;
  /** The secret of the browser that sent the request. */
  readonly browser: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** The page that the user wanted to open; a path on this host. */
  readonly returnTo: string;
  /** Whether the provider must authenticate the user again. */
  readonly forceAuthn?: boolean;
  /** The purpose of the request, if it is not a session in the connection's own organization. */
  readonly intent?: SsoIntent;
}

/** The time after which a store that does not answer counts as unavailable. */
const DEADLINE_MS = 2000;

/** Returns the answer of Redis. Throws `unavailable` on an error or a timeout: no user signs in without the store. */
export async function answerOf<T>(operation: Promise<T>): Promise<T> {
  const { promise: deadline, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('The sign-in store did not answer in time')), DEADLINE_MS);
  try {
    return await Promise.race([operation, deadline]);
  } catch (cause) {
    throw new SsoError('unavailable', undefined, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** Returns a key that hides its parts: only a caller with all the parts can compute it. */
export function keyOf(kind: string, ...parts: string[]): string {
  return `sso:${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}

/**
 * Stores pending sign-in and logout requests for ten minutes. Each request is consumed once, by the browser and for the
 * connection that started it.
 */
export class PendingRequests {
  protected readonly kind: string = 'request';

  constructor(private readonly redis: SignInRedis) {}

  /** Stores a request before it is sent. */
  async remember<T extends PendingRequest = PendingRequest>(
    binding: RequestBinding,
    request: Omit<T, 'requestId' | 'browser'>,
  ): Promise<void> {
    const value = JSON.stringify({ ...request, requestId: binding.requestId });
    const stored = await answerOf(this.redis.set(this.key(binding), value, 'PX', SIGN_IN_MS, 'NX'));
    ensure(stored === 'OK', 'request_unknown', 'a request of this id exists');
  }

  /** Removes and returns a request. If a later check fails, a second response to the same request is still rejected. */
  async consume<T extends PendingRequest = PendingRequest>(binding: RequestBinding): Promise<T> {
    const value = await answerOf(this.redis.getdel(this.key(binding)));
    ensure(value !== null, 'request_unknown');
    return { ...(JSON.parse(value) as T), browser: binding.browser };
  }

  private key({ connectionId, requestId, browser }: RequestBinding): string {
    return keyOf(this.kind, connectionId, requestId, browser);
  }
}

/** Remembers the ids of accepted messages while they are valid, so that each is accepted once. */
export abstract class ReplayCache {
  protected abstract readonly kind: string;

  constructor(private readonly redis: SignInRedis) {}

  /**
   * Claims an id for one use, until `expires` (epoch milliseconds, clock skew included). Throws the replay error of the
   * kind, such as `assertion_replayed`.
   */
  async claim(connectionId: string, id: string, expires: number, now: number): Promise<void> {
    const key = keyOf(this.kind, connectionId, id);
    const claimed = await answerOf(this.redis.set(key, '1', 'PX', Math.max(Math.ceil(expires - now), 1000), 'NX'));
    if (claimed !== 'OK') throw new SsoError(`${this.kind}_replayed`);
  }
}

/** Remembers accepted assertions. */
export class AssertionReplayCache extends ReplayCache {
  protected readonly kind = 'assertion';
}

/** Remembers accepted logout tokens. */
export class LogoutTokenReplayCache extends ReplayCache {
  protected readonly kind = 'logout_token';
}
