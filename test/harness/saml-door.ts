import passport from 'passport';
import { beginSignIn } from '../../src/modules/auth/saml/saml-login.js';
import { refusalOf } from '../../src/modules/auth/saml/library-refusal.js';
import { AssertionReplays, PendingRequests, type SignInRedis } from '../../src/modules/auth/sso/request-store.js';
import { SamlConnections, serviceProviderUrls, type SamlConnection } from '../../src/modules/auth/saml/saml-connection.js';
import { SamlRefused } from '../../src/modules/auth/saml/saml-refusal.js';
import { SamlStrategy, type SamlArrival } from '../../src/modules/auth/saml/saml.strategy.js';
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
export function testConnection(id: string, certificates: readonly string[], more: Partial<SamlConnection> = {}): SamlConnection {
  const { spEntityId, acsUrl } = serviceProviderUrls(PUBLIC_URL, id);
  return {
    id,
    orgId: `org-of-${id}`,
    spEntityId,
    acsUrl,
    idpEntityId: 'https://idp.example.test/metadata',
    idpSsoUrl: 'https://idp.example.test/sso',
    idpCertificates: certificates,
    wantResponseSigned: false,
    subject: 'name-id',
    groupRoles: [{ group: 'mentors', role: 'mentor' }],
    jitProvisioning: true,
    clockSkewSeconds: 60,
    ...more,
  };
}

/** One browser that went to the identity provider and waits for the answer. */
export interface Departed {
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

/** Our side of a sign-in: the real strategy in the real passport, over stores in memory. */
export class SamlDoor {
  readonly redis = new MemoryRedis();
  private readonly requests = new PendingRequests(this.redis);
  private readonly passport = new passport.Passport();

  constructor(...known: readonly SamlConnection[]) {
    const replays = new AssertionReplays(this.redis);
    const connections = new KnownConnections(known);
    const strategy = new SamlStrategy(connections, this.requests, replays, PUBLIC_URL, new Clock());
    // passport-saml's types are those of Express 4, passport's those of Express 5; at run time they agree.
    this.passport.use('saml', strategy as unknown as passport.Strategy);
  }

  /** Sends a new browser to the connection's identity provider. */
  async depart(connection: SamlConnection, returnTo?: string): Promise<Departed> {
    const visitor = { cookieHeader: undefined, returnTo, publicUrl: PUBLIC_URL };
    const { url, setCookie } = await beginSignIn(connection, this.requests, visitor);
    const stored = [...this.redis.entries.values()].at(-1) ?? '{}';
    const { requestId } = JSON.parse(stored) as { requestId: string };
    return { connection, requestId, url, cookie: setCookie.split(';')[0] ?? '' };
  }

  /** Posts an answer to the assertion address. Rejects with a {@link SamlRefused}. */
  arrive(departed: Departed, posted: Posted): Promise<SamlArrival> {
    const form = { SAMLResponse: Buffer.from(posted.xml ?? '').toString('base64'), RelayState: '' };
    const request = {
      method: 'POST',
      headers: { cookie: posted.cookie ?? departed.cookie },
      params: { connectionId: posted.connectionId ?? departed.connection.id },
      query: posted.query ?? {},
      body: posted.body === undefined ? form : posted.body,
    };
    const { promise, resolve, reject } = Promise.withResolvers<SamlArrival>();
    const done = (error: unknown, arrival: SamlArrival | false | undefined): void => {
      if (error || !arrival) reject(refusalOf(error));
      else resolve(arrival);
    };
    const letThrough = (): void => reject(new SamlRefused('library_refused', 'passed without a person'));
    const authenticate = this.passport.authenticate('saml', { session: false }, done) as (...args: unknown[]) => void;
    authenticate(request, {}, letThrough);
    return promise;
  }
}
