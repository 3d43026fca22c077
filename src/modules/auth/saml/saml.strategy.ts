import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { toSsoError, type VerifiedIdentity } from '../sso/index.js';
import type { SamlResponses } from './saml-responses.js';

/** The part of an HTTP request that a response is read from. Express 4's and 5's types both fit. */
interface Incoming {
  readonly headers: { readonly cookie?: string };
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: unknown;
  readonly body: unknown;
}

type Verify = (request: Incoming, done: (error: Error | null, verified: VerifiedIdentity) => void) => void;

/** A passport strategy that calls one asynchronous function. Nest's mixin passes in `validate`. */
class CallbackStrategy extends passport.Strategy {
  constructor(private readonly verify: Verify) {
    super();
  }

  override authenticate(request: Incoming): void {
    this.verify(request, (error, verified) => (error === null ? this.success(verified) : this.error(error)));
  }
}

/** Verifies a response at the assertion consumer URL by {@link SamlResponses}. Every error is an SsoError. */
export class SamlStrategy extends PassportStrategy(CallbackStrategy, 'saml') {
  constructor(private readonly responses: SamlResponses) {
    super();
  }

  async validate({ params, headers, query, body }: Incoming): Promise<VerifiedIdentity> {
    const form = { connectionId: String(params['connectionId']), cookieHeader: headers.cookie, query, body };
    try {
      return await this.responses.admit(await this.responses.verifyResponse(form));
    } catch (error) {
      throw toSsoError(error);
    }
  }
}
