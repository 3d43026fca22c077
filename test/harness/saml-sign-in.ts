import passport from 'passport';
import { runStep, type MessageSteps } from '../../src/modules/auth/saml/message-steps.js';
import { MessageVerifier } from '../../src/modules/auth/saml/message-verifier.js';
import { OutgoingForms } from '../../src/modules/auth/saml/saml-stores.js';
import { SamlStrategy } from '../../src/modules/auth/saml/saml.strategy.js';
import { AssertionReplayCache, PendingRequests, type SignInRedis } from '../../src/modules/auth/sso/request-store.js';
import {
  SamlConnections,
  serviceProviderUrls,
  type SamlConnection,
} from '../../src/modules/auth/saml/saml-connection.js';
import { beginSignIn } from '../../src/modules/auth/saml/saml-login.js';
import { SamlResponses } from '../../src/modules/auth/saml/saml-responses.js';
import { SsoError } from '../../src/modules/auth/sso-messages/index.js';
import type { FoundConnection } from '../../src/modules/auth/sso/found-connection.js';
import type { VerifiedIdentity } from '../../src/modules/auth/sso/verified-identity.js';
import { Clock } from '../../src/platform/clock/clock.js';

/** An in-memory replacement of the two Redis commands that the sign-in uses. */
export class MemoryRedis implements SignInRedis {
  readonly entries = new Map<string, string>();
  /** Whether every command fails, as without Redis. */
  gone = false;

  async set(key: string, value: string, _unit: 'PX', ttlMs: number): Promise<'OK' | null> {
    if (this.gone) throw new Error('Connection is closed.');
    if (!(ttlMs > 0)) throw new Error('ERR invalid expire time');
    if (this.entries.has(key)) return null;
    this.entries.set(key, value);
    return 'OK';
  }

  async getdel(key: string): Promise<string | null> {
    if (this.gone) throw new Error('Connection is closed.');
    const value = this.entries.get(key) ?? null;
    this.entries.delete(key);
    return value;
  }
}

class KnownConnections extends SamlConnections {
  constructor(private readonly known: readonly SamlConnection[]) {
    super();
  }

  async find(connectionId: string): Promise<SamlConnection | undefined> {
    return this.known.find(({ id }) => id === connectionId);
  }
}

const PUBLIC_URL = 'https://vouchsafe.example.test';

/** Returns a connection to the test identity provider. */
export function testConnection(
  id: string,
  certificates: readonly string[],
  more: Partial<SamlConnection> = {},
): SamlConnection {
  const orgId = `org-of-${id}`;
  return {
    id,
    orgId,
    found: { id, orgId } as FoundConnection,
    ...serviceProviderUrls(PUBLIC_URL, id),
    idpEntityId: 'https://idp.example.test/metadata',
    metadataUrl: null,
    idpSsoUrl: 'https://idp.example.test/sso',
    idpSsoBinding: 'redirect',
    idpSloBinding: 'redirect',
    idpCertificates: certificates,
    idpScopes: [],
    wantResponseSigned: false,
    wantAssertionSigned: false,
    wantAssertionEncrypted: false,
    signRequests: false,
    idpInitiated: false,
    forceAuthn: false,
    spKeys: [],
    subject: 'name-id',
    groupRoles: [{ group: 'mentors', role: 'mentor' }],
    jitProvisioning: true,
    clockSkewSeconds: 60,
    ...more,
  };
}

/** A started sign-in, which waits for the response of the identity provider. */
export interface StartedLogin {
  readonly connection: SamlConnection;
  readonly requestId: string;
  readonly cookie: string;
  /** The URL of the redirect. */
  readonly url: string;
}

/** The request with which the browser returns. */
export interface Posted {
  readonly xml?: string;
  /** Replaces the form that contains `xml`. */
  readonly body?: unknown;
  readonly query?: unknown;
  readonly cookie?: string;
  readonly connectionId?: string;
}

/** Runs the steps in the thread of the test, so that a test can observe them. */
class DirectVerifier extends MessageVerifier {
  async run<S extends keyof MessageSteps>(
    _connectionId: string,
    step: S,
    ...args: Parameters<MessageSteps[S]>
  ): Promise<Awaited<ReturnType<MessageSteps[S]>>> {
    return (await runStep(step, args)) as Awaited<ReturnType<MessageSteps[S]>>;
  }
}

/** The application's part of a sign-in: the real strategy in the real passport, with in-memory stores. */
export class SamlServiceProvider {
  readonly redis = new MemoryRedis();
  private readonly responses: SamlResponses;
  private readonly clock = new Clock();
  private readonly requests = new PendingRequests(this.redis);
  private readonly passport = new passport.Passport();

  constructor(known: SamlConnection | readonly SamlConnection[], verifier: MessageVerifier = new DirectVerifier()) {
    this.responses = new SamlResponses(
      new KnownConnections([known].flat()),
      this.requests,
      new AssertionReplayCache(this.redis),
      verifier,
      PUBLIC_URL,
      this.clock,
      { verify: async (connection, verify) => verify(connection) },
    );
    this.passport.use('saml', new SamlStrategy(this.responses));
  }

  /** Starts a sign-in in a new browser. */
  async startLogin(connection: SamlConnection, returnTo?: string, forceAuthn = false): Promise<StartedLogin> {
    const parameters = {
      cookieHeader: undefined,
      returnTo,
      forceAuthn,
      publicUrl: PUBLIC_URL,
      now: this.clock.millis(),
    };
    const { url, setCookie } = await beginSignIn(connection, this.requests, new OutgoingForms(this.redis), parameters);
    const pending = [...this.redis.entries.values()].findLast((value) => value.includes('"requestId"')) ?? '{}';
    const { requestId } = JSON.parse(pending) as { requestId: string };
    return { connection, requestId, url, cookie: setCookie.split(';')[0] ?? '' };
  }

  /** Posts a response to the assertion consumer service. Rejects with a {@link SamlError}. */
  receive(login: StartedLogin, posted: Posted): Promise<VerifiedIdentity> {
    const form = { SAMLResponse: Buffer.from(posted.xml ?? '').toString('base64'), RelayState: '' };
    const request = {
      method: 'POST',
      headers: { cookie: posted.cookie ?? login.cookie },
      params: { connectionId: posted.connectionId ?? login.connection.id },
      query: posted.query ?? {},
      body: posted.body === undefined ? form : posted.body,
    };
    const { promise, resolve, reject } = Promise.withResolvers<VerifiedIdentity>();
    const done = (error: unknown, verified: VerifiedIdentity | false | undefined): void => {
      if (error || !verified) reject(error ?? new SsoError('unexpected'));
      else resolve(verified);
    };
    const authenticate = this.passport.authenticate('saml', { session: false }, done) as (...args: unknown[]) => void;
    authenticate(request, {}, () => reject(new SsoError('unexpected')));
    return promise;
  }
}
