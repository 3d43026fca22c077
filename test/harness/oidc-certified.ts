import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import Provider from 'oidc-provider';
import { Client, type Answer } from './client.js';

/** A client that is registered at the provider. */
export interface RegisteredClient {
  client_id: string;
  client_secret?: string;
  redirect_uris: string[];
  [setting: string]: unknown;
}

const COOKIE_KEYS = ['synthetic-cookie-key'];
const PEOPLE: Record<string, object> = {
  mentor: {
    email: 'mentor@certified.example.test',
    email_verified: true,
    name: 'Synthetic Mentor',
    groups: ['mentors'],
  },
  director: {
    email: 'director@certified.example.test',
    email_verified: true,
    name: 'Synthetic Director',
    groups: ['directors'],
  },
};

/** A local certified OpenID provider with its own sign-in and consent pages. It requires PKCE. */
export class CertifiedProvider {
  private constructor(
    private readonly server: Server,
    readonly issuer: string,
  ) {}

  /** The claims of each user, and the scopes and places in which the provider sends them. */
  people: Record<string, object> = PEOPLE;
  claims: Record<string, string[]> = {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    profile: ['name'],
    groups: ['groups'],
  };
  /** Whether claims are in UserInfo only (OpenID Connect Core 1.0, section 5.4). */
  claimsInUserInfo = true;

  private keys: JWK[] = [];
  private generation = 0;

  static async start(): Promise<CertifiedProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const provider = new CertifiedProvider(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await provider.renewKeys();
    return provider;
  }

  /** Replaces all keys. From the next `serve`, the old keys are gone. */
  async renewKeys(): Promise<void> {
    this.generation += 1;
    this.keys = await Promise.all(
      ['RS256', 'ES256', 'Ed25519'].map(async (alg) => {
        const { privateKey } = await generateKeyPair(alg, { extractable: true });
        return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: `${alg}-${this.generation}` };
      }),
    );
  }

  /** Starts to answer requests of these clients. */
  serve(clients: readonly RegisteredClient[]): void {
    const provider = new Provider(this.issuer, {
      clients,
      jwks: { keys: this.keys },
      cookies: { keys: COOKIE_KEYS },
      pkce: { required: () => true },
      scopes: Object.keys(this.claims),
      claims: this.claims,
      conformIdTokenClaims: this.claimsInUserInfo,
      features: {
        devInteractions: { enabled: true },
        backchannelLogout: { enabled: true },
        rpInitiatedLogout: { enabled: true },
      },
      // The provider's own protection rejects loopback addresses, where all test servers are.
      fetch: (url: string, { dispatcher: _dispatcher, ...options }: RequestInit & { dispatcher?: unknown }) =>
        fetch(url, options),
      findAccount: (_context: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, ...this.people[id] }),
      }),
      enabledJWA: { idTokenSigningAlgValues: this.keys.map(({ alg }) => alg) },
    });
    this.server.removeAllListeners('request');
    this.server.on('request', provider.callback());
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

/** A user's browser at the provider: it keeps cookies, follows redirects on that host, and submits the forms. */
export class ProviderBrowser {
  private readonly client: Client;

  constructor(
    private readonly issuer: string,
    private readonly person: string,
  ) {
    this.client = new Client(issuer);
  }

  /** Follows a redirect to the provider and returns the path and query of the redirect back. */
  async goThrough(location: string): Promise<string> {
    let answer = await this.client.get(location);
    for (let steps = 0; steps < 12; steps += 1) {
      const next = answer.headers.get('location');
      if (next !== null && !new URL(next, this.issuer).href.startsWith(this.issuer))
        return new URL(next).pathname + new URL(next).search;
      if (next !== null) answer = await this.client.get(next);
      else answer = await this.fillIn(answer);
    }
    throw new Error('the provider did not redirect back within twelve steps');
  }

  /** Submits the form on a page with the user's input: name and password, or consent. */
  private fillIn({ text, status }: Answer): Promise<Answer> {
    const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1];
    if (action === undefined) throw new Error(`no form on the provider's page (${status}): ${text.slice(0, 500)}`);
    const fields = new URLSearchParams({ login: this.person, password: 'synthetic', logout: 'yes' });
    for (const [, name, value] of text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g))
      fields.set(name!, value!);
    return this.client.post(action, undefined, {
      raw: fields.toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  }
}
