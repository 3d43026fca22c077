import { answerOf, keyOf, PendingRequests, ReplayCache, type SignInRedis } from '../sso/index.js';
import { ensure } from './saml-error.js';

const FORM_MS = 60_000;

/** A form that a browser is about to post for us, to another host. */
export interface OutgoingForm {
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Messages that wait to be posted by the browser they were made for: its next request fetches them. */
export class OutgoingForms {
  constructor(private readonly redis: SignInRedis) {}

  async keep(ticket: string, browser: string, form: OutgoingForm): Promise<void> {
    const stored = await answerOf(
      this.redis.set(keyOf('form', ticket, browser), JSON.stringify(form), 'PX', FORM_MS, 'NX'),
    );
    ensure(stored === 'OK', 'request_unknown');
  }

  async take(ticket: string, browser: string): Promise<OutgoingForm> {
    const value = await answerOf(this.redis.getdel(keyOf('form', ticket, browser)));
    ensure(value !== null, 'request_unknown');
    return JSON.parse(value) as OutgoingForm;
  }
}

/** Logouts that a browser began here. */
export class PendingLogouts extends PendingRequests {
  protected override readonly kind = 'logout';
}

/** Requests to end sessions that were carried out. */
export class LogoutReplayCache extends ReplayCache {
  protected readonly kind = 'message';
}
