import { createHash } from 'node:crypto';
import type { SsoIntent } from './verified-identity.js';
import { ensure, SsoError } from './sso-error.js';

/** How long a sign-in may take at the identity provider, and how old its answer may be. */
export const SIGN_IN_MS = 10 * 60 * 1000;

/** The part of ioredis that is needed; a `Redis` fits. */
export interface SignInRedis {
  set(key: string, value: string, unit: 'PX', millis: number, condition: 'NX'): Promise<'OK' | null>;
  getdel(key: string): Promise<string | null>;
}

/** What a sign-in request is known by: all three must come back together. */
export interface RequestBinding {
  readonly connectionId: string;
  /** What the answer names the request by: SAML's request id, OpenID Connect's state. */
  readonly requestId: string;
  /**
   * The random cookie of the browser that asked; without it a stranger's response could be planted in a victim's
   * browser.
   */
  readonly browser: string;
}

/** A request that was sent to an identity provider and is not answered yet. */
export interface PendingRequest {
  readonly requestId: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Where the person wanted to go; a path on this host. */
  readonly returnTo: string;
  /** Whether the person was to show anew who they are. */
  readonly forceAuthn?: boolean;
  /** What else than a session in the connection's own organization it was sent for. */
  readonly aim?: SsoIntent;
}

/** After this long a store that does not answer counts as gone. */
const DEADLINE_MS = 2000;

/** The answer of Redis, or a refusal: without the store nobody signs in. */
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

/** A key that only someone with all the parts can name; the parts themselves are not to be read out of Redis. */
export function keyOf(kind: string, ...parts: string[]): string {
  return `sso:${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}

/**
 * Requests on their way, to sign in or to sign out: kept ten minutes, taken once, by the browser and for the connection
 * they began with.
 */
export class PendingRequests {
  protected readonly kind: string = 'request';

  constructor(private readonly redis: SignInRedis) {}

  /** Remembers a request before it is sent. */
  async remember<T extends PendingRequest = PendingRequest>(
    binding: RequestBinding,
    request: Omit<T, 'requestId'>,
  ): Promise<void> {
    const value = JSON.stringify({ ...request, requestId: binding.requestId });
    const stored = await answerOf(this.redis.set(this.key(binding), value, 'PX', SIGN_IN_MS, 'NX'));
    ensure(stored === 'OK', 'request_unknown', 'a request of this id exists');
  }

  /** Takes the request out: whatever the rest of the check says, no second response is heard on it. */
  async consume<T extends PendingRequest = PendingRequest>(binding: RequestBinding): Promise<T> {
    const value = await answerOf(this.redis.getdel(this.key(binding)));
    ensure(value !== null, 'request_unknown');
    return JSON.parse(value) as T;
  }

  private key({ connectionId, requestId, browser }: RequestBinding): string {
    return keyOf(this.kind, connectionId, requestId, browser);
  }
}

/** What was accepted once and must not be again, remembered for as long as it could be. */
export abstract class ReplayCache {
  protected abstract readonly kind: string;

  constructor(private readonly redis: SignInRedis) {}

  /**
   * Claims an id for one use, until `expires` (epoch milliseconds, clock skew included). Throws assertion_replayed and
   * the like.
   */
  async claim(connectionId: string, id: string, expires: number, now: number): Promise<void> {
    const key = keyOf(this.kind, connectionId, id);
    const claimed = await answerOf(this.redis.set(key, '1', 'PX', Math.max(Math.ceil(expires - now), 1000), 'NX'));
    if (claimed !== 'OK') throw new SsoError(`${this.kind}_replayed`);
  }
}

/** Assertions that were accepted. */
export class AssertionReplayCache extends ReplayCache {
  protected readonly kind = 'assertion';
}

/** Logout tokens that were acted upon. */
export class LogoutTokenReplayCache extends ReplayCache {
  protected readonly kind = 'logout_token';
}
