import { createHash } from 'node:crypto';
import type { SsoAim } from '../sso/sso-identity.js';
import { SIGN_IN_MILLIS } from './saml-connection.js';
import { must, SamlRefused } from './saml-refusal.js';

/** The part of ioredis that is needed; a `Redis` fits. */
export interface SignInRedis {
  set(key: string, value: string, unit: 'PX', millis: number, condition: 'NX'): Promise<'OK' | null>;
  getdel(key: string): Promise<string | null>;
}

/** What a sign-in request is known by: all three must come back together. */
export interface RequestBinding {
  readonly connectionId: string;
  readonly requestId: string;
  /** The random cookie of the browser that asked; without it a stranger's response could be planted in a victim's browser. */
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
  readonly aim?: SsoAim;
}

/** After this long a store that does not answer counts as gone. */
const DEADLINE_MILLIS = 2000;
const FORM_MILLIS = 60_000;

/** The answer of Redis, or a refusal: without the store nobody signs in. */
async function answerOf<T>(operation: Promise<T>): Promise<T> {
  const { promise: deadline, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('The sign-in store did not answer in time')), DEADLINE_MILLIS);
  try {
    return await Promise.race([operation, deadline]);
  } catch (cause) {
    throw new SamlRefused('unavailable', undefined, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** A key that only someone with all the parts can name; the parts themselves are not to be read out of Redis. */
function keyOf(kind: string, ...parts: string[]): string {
  return `saml:${kind}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
}

/** Requests on their way, to sign in or to sign out: kept ten minutes, taken once, by the browser and for the connection they began with. */
export class PendingRequests {
  constructor(
    private readonly redis: SignInRedis,
    private readonly kind: 'request' | 'logout' = 'request',
  ) {}

  /** Remembers a request before it is sent. */
  async remember(binding: RequestBinding, request: Omit<PendingRequest, 'requestId'>): Promise<void> {
    const value = JSON.stringify({ ...request, requestId: binding.requestId });
    const stored = await answerOf(this.redis.set(this.key(binding), value, 'PX', SIGN_IN_MILLIS, 'NX'));
    must(stored === 'OK', 'request_unknown', 'a request of this id exists');
  }

  /** Takes the request out: whatever the rest of the check says, no second response is heard on it. */
  async take(binding: RequestBinding): Promise<PendingRequest> {
    const value = await answerOf(this.redis.getdel(this.key(binding)));
    must(value !== null, 'request_unknown');
    return JSON.parse(value) as PendingRequest;
  }

  private key({ connectionId, requestId, browser }: RequestBinding): string {
    return keyOf(this.kind, connectionId, requestId, browser);
  }
}

/** What was accepted, remembered for as long as it could be accepted again: assertions, and requests to end sessions. */
export class Replays {
  constructor(
    private readonly redis: SignInRedis,
    private readonly kind: 'assertion' | 'message' = 'assertion',
  ) {}

  /** Claims a message for one use, until `expires` (epoch milliseconds, clock skew included). Throws assertion_replayed, message_replayed. */
  async claim(connectionId: string, messageId: string, expires: number, now: number): Promise<void> {
    const key = keyOf(this.kind, connectionId, messageId);
    const claimed = await answerOf(this.redis.set(key, '1', 'PX', Math.max(Math.ceil(expires - now), 1000), 'NX'));
    must(claimed === 'OK', `${this.kind}_replayed`);
  }
}

/** A form that a browser is about to post for us, to another host. */
export interface OutgoingForm {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Messages that wait to be posted by the browser they were made for: its next request fetches them. */
export class OutgoingForms {
  constructor(private readonly redis: SignInRedis) {}

  async keep(ticket: string, browser: string, form: OutgoingForm): Promise<void> {
    const stored = await answerOf(this.redis.set(keyOf('form', ticket, browser), JSON.stringify(form), 'PX', FORM_MILLIS, 'NX'));
    must(stored === 'OK', 'request_unknown');
  }

  async take(ticket: string, browser: string): Promise<OutgoingForm> {
    const value = await answerOf(this.redis.getdel(keyOf('form', ticket, browser)));
    must(value !== null, 'request_unknown');
    return JSON.parse(value) as OutgoingForm;
  }
}

/** Logouts that a browser began here. */
export class PendingLogouts extends PendingRequests {
  constructor(redis: SignInRedis) {
    super(redis, 'logout');
  }
}

/** Requests to end sessions that were carried out. */
export class LogoutReplays extends Replays {
  constructor(redis: SignInRedis) {
    super(redis, 'message');
  }
}
