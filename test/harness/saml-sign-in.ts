import passport from 'passport';
import { libraryRefusal } from '../../src/modules/auth/saml/library-error.js';
import { OutgoingForms } from '../../src/modules/auth/saml/saml-stores.js';
import { SamlStrategy } from '../../src/modules/auth/saml/saml.strategy.js';
import { AssertionReplayCache, PendingRequests, type SignInRedis } from '../../src/modules/auth/sso/request-store.js';
import {
  SamlConnections,
  serviceProviderUrls,
  type SamlConnection,
} from '../../src/modules/auth/saml/saml-connection.js';
import { beginSignIn } from '../../src/modules/auth/saml/saml-login.js';
import { SamlResponses, type IncomingForm, type VerifiedResponse } from '../../src/modules/auth/saml/saml-responses.js';
import type { FoundConnection } from '../../src/modules/auth/sso/found-connection.js';
import type { VerifiedIdentity } from '../../src/modules/auth/sso/verified-identity.js';
import { Clock } from '../../src/platform/clock/clock.js';

/** The two Redis commands of the sign-in store, in memory. */
export class MemoryRedis implements SignInRedis {
  readonly entries = new Map<string, string>();
  /** When set, every command fails as with Redis gone. */
  gone = false;

  async set(key: string, value: string, _unit: 'PX', millis: number): Promise<'OK' | null> {
    if (this.gone) throw new Error('Connection is closed.');
    if (!(millis > 0)) throw new Error('ERR invalid expire time');
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

/** A connection to the test identity provider. */
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
    idpSsoUrl: 'https://idp.example.test/sso',
    idpSsoBinding: 'redirect',
    idpSloBinding: 'redirect',
    idpCertificates: certificates,
    idpScopes: [],
    wantResponseSigned: false,
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

/** One browser that went to the identity provider and waits for the answer. */
export interface StartedLogin {
  readonly connection: SamlConnection;
  readonly requestId: string;
  readonly cookie: string;
  /** Where the browser was sent. */
  readonly url: string;
}

/** What a browser brings back. */
export interface Posted {
  readonly xml?: string;
  /** In place of the form that carries `xml`. */
  readonly body?: unknown;
  readonly query?: unknown;
  readonly cookie?: string;
  readonly connectionId?: string;
}

/** Our own verification with a result that a test may replace, so that only the library is left to refuse. */
class ReplaceableResponses extends SamlResponses {
  replaceResult: (verified: VerifiedResponse) => VerifiedResponse = (verified) => verified;

  override async verifyResponse(form: IncomingForm): Promise<VerifiedResponse> {
    return this.replaceResult(await super.verifyResponse(form));
  }
}

/** Our side of a sign-in: the real strategy in the real passport, over stores in memory. */
export class SamlServiceProvider {
  readonly redis = new MemoryRedis();
  readonly responses: ReplaceableResponses;
  private readonly clock = new Clock();
  private readonly requests = new PendingRequests(this.redis);
  private readonly passport = new passport.Passport();

  constructor(...known: readonly SamlConnection[]) {
    this.responses = new ReplaceableResponses(
      new KnownConnections(known),
      this.requests,
      new AssertionReplayCache(this.redis),
      PUBLIC_URL,
      this.clock,
    );
    this.passport.use('saml', new SamlStrategy(this.responses));
  }

  /** Sends a new browser to the connection's identity provider. */
  async startLogin(connection: SamlConnection, returnTo?: string, forceAuthn = false): Promise<StartedLogin> {
    const visitor = { cookieHeader: undefined, returnTo, forceAuthn, publicUrl: PUBLIC_URL, now: this.clock.millis() };
    const { url, setCookie } = await beginSignIn(connection, this.requests, new OutgoingForms(this.redis), visitor);
    const pending = [...this.redis.entries.values()].findLast((value) => value.includes('"requestId"')) ?? '{}';
    const { requestId } = JSON.parse(pending) as { requestId: string };
    return { connection, requestId, url, cookie: setCookie.split(';')[0] ?? '' };
  }

  /** Posts an answer to the assertion address. Rejects with a {@link SamlError}. */
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
    const done = (error: unknown, arrival: VerifiedIdentity | false | undefined): void => {
      if (error || !arrival) reject(libraryRefusal(error));
      else resolve(arrival);
    };
    const authenticate = this.passport.authenticate('saml', { session: false }, done) as (...args: unknown[]) => void;
    authenticate(request, {}, () => reject(libraryRefusal(undefined)));
    return promise;
  }
}
