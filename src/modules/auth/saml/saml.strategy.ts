import { PassportStrategy } from '@nestjs/passport';
import { MultiSamlStrategy } from '@node-saml/passport-saml';
import type { MultiStrategyConfig, PassportSamlConfig, Profile, VerifyWithRequest } from '@node-saml/passport-saml';
import type { Clock } from '../../../platform/clock/clock.js';
import { checkAssertion, checkResponse } from './assertion-checks.js';
import { browserSecret } from '../sso/browser-binding.js';
import type { SsoArrival } from '../sso/sso-identity.js';
import { identityOf } from './identity.js';
import { evidenceOf } from './saml-evidence.js';
import { onlyRequest } from './library-requests.js';
import type { AssertionReplays, PendingRequest, PendingRequests } from '../sso/request-store.js';
import { guardResponse, responseOf } from './response-guard.js';
import { samlOptions, type SamlConnection, type SamlConnections } from './saml-connection.js';
import { must, SamlRefused } from './saml-refusal.js';

/** A person who came back from their identity provider with an assertion that holds. */
export interface SamlArrival extends SsoArrival {
  readonly orgId: string;
}

/** The part of an HTTP request that a response is read from. Express 4's and 5's types both fit. */
interface Incoming {
  readonly headers: { readonly cookie?: string };
  readonly params: Readonly<Record<string, unknown>>;
  readonly query: unknown;
  body: unknown;
}

interface Exchange {
  readonly connection: SamlConnection;
  readonly request: PendingRequest;
}

/** The library's strategy with the one callback that Nest's mixin appends. Logout messages never reach it. */
class SignOnStrategy extends MultiSamlStrategy {
  constructor(options: MultiStrategyConfig, verify: VerifyWithRequest) {
    super(options, verify, (_request, _profile, done) => done(new SamlRefused('not_a_response')));
  }
}

/**
 * Takes in responses at the assertion address, in three steps: guard the message, let the library verify the signature, check what was
 * signed. Every error on the way is a {@link SamlRefused} or the library's own refusal.
 */
export class SamlStrategy extends PassportStrategy(SignOnStrategy, 'saml') {
  /** What one HTTP request is about, between the first step and the last. */
  private readonly exchanges = new WeakMap<Incoming, Exchange>();

  constructor(
    private readonly connections: SamlConnections,
    private readonly requests: PendingRequests,
    private readonly replays: AssertionReplays,
    private readonly publicUrl: string,
    private readonly clock: Clock,
  ) {
    super({
      passReqToCallback: true,
      getSamlOptions: (request, done) => {
        this.open(request)
          .then((options) => done(null, options))
          .catch(done);
      },
    });
  }

  /** Before the library: the connection, the outside of the message, the request that it answers. */
  private async open(http: Incoming): Promise<Partial<PassportSamlConfig>> {
    const connection = await this.connectionOf(http);
    const response = guardResponse(responseOf(http.body, http.query), { responseSigned: connection.wantResponseSigned });
    checkResponse(response, connection);
    const browser = browserSecret(http.headers.cookie, this.publicUrl);
    must(browser !== undefined, 'browser_unbound');
    const binding = { connectionId: connection.id, requestId: response.inResponseTo, browser };
    const request = await this.requests.take(binding);
    this.exchanges.set(http, { connection, request });
    http.body = { SAMLResponse: response.base64 };
    return samlOptions(connection, onlyRequest(request));
  }

  private async connectionOf(http: Incoming): Promise<SamlConnection> {
    const id = http.params['connectionId'];
    const connection = await this.connections.find(typeof id === 'string' ? id : '').catch((cause: unknown) => {
      throw new SamlRefused('unavailable', undefined, { cause });
    });
    must(connection !== undefined, 'connection_unknown');
    return connection;
  }

  /** After the library: what the signed bytes say, once. */
  async validate(http: Incoming, profile: Profile | null): Promise<SamlArrival> {
    const exchange = this.exchanges.get(http);
    const signedXml = profile?.getAssertionXml?.();
    must(exchange !== undefined && signedXml !== undefined, 'library_refused');
    const { connection, request } = exchange;
    const now = this.clock.millis();
    const assertion = checkAssertion(signedXml, { connection, requestId: request.requestId, now });
    await this.replays.claim(connection.id, assertion.id, assertion.replayableUntil, now);
    return {
      connectionId: connection.id,
      orgId: connection.orgId,
      identity: identityOf(assertion, connection),
      returnTo: request.returnTo,
      sessionEnds: assertion.sessionEnds,
      idpSession: assertion.sessionIndex,
      aim: request.aim,
      evidence: evidenceOf(signedXml, connection),
    };
  }
}
