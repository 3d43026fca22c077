import { answerOf, keyOf, PendingRequests, ReplayCache, type SignInRedis } from '../sso/index.js';
import { ensure } from './saml-error.js';

const FORM_MS = 60_000;

/** A form that the browser will post to another host. */
export interface OutgoingForm {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Stores outgoing messages for a minute, until the browser that they were made for opens the form page. */
export class OutgoingForms {
  constructor(private readonly redis: SignInRedis) {}

  async store(ticket: string, browser: string, form: OutgoingForm): Promise<void> {
    const stored = await answerOf(
      this.redis.set(keyOf('form', ticket, browser), JSON.stringify(form), 'PX', FORM_MS, 'NX'),
    );
    ensure(stored === 'OK', 'request_unknown');
  }

  async consume(ticket: string, browser: string): Promise<OutgoingForm> {
    const value = await answerOf(this.redis.getdel(keyOf('form', ticket, browser)));
    ensure(value !== null, 'request_unknown');
    return JSON.parse(value) as OutgoingForm;
  }
}

/** Stores pending logouts that a browser started here. */
export class PendingLogouts extends PendingRequests {
  protected override readonly kind = 'logout';
}

/** Remembers the logout requests that were carried out. */
export class LogoutReplayCache extends ReplayCache {
  protected readonly kind = 'message';
}

const REFRESH_MS = 60_000;

/** Allows one refresh of a connection's metadata in a minute, over all processes. */
export class RefreshClaims {
  constructor(private readonly redis: SignInRedis) {}

  /** Returns whether the caller may refresh now. */
  async claim(connectionId: string): Promise<boolean> {
    const key = keyOf('metadata-refresh', connectionId);
    return (await answerOf(this.redis.set(key, '1', 'PX', REFRESH_MS, 'NX'))) === 'OK';
  }
}
