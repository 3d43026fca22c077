import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactSign, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

/** A signing key of the provider. */
export interface OidcKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

export async function newOidcKey(kid: string, alg = 'RS256'): Promise<OidcKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** The differences of one sign-in from a correct one. */
export interface OidcAnswer {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  key?: OidcKey;
  /** Replaces the signed token. */
  idToken?: (valid: string) => string | Promise<string> | undefined;
  userInfo?: Record<string, unknown>;
  /** The response of the token endpoint in place of tokens. */
  tokenError?: { status: number; body: unknown };
  /** Parameters of the callback URL in addition to code and state; undefined removes a parameter. */
  callback?: Record<string, string | undefined>;
}

interface Grant {
  readonly parameters: URLSearchParams;
  readonly answer: OidcAnswer;
}

/** A local OpenID provider that a test controls: metadata, keys, codes with PKCE, and userinfo. */
export class OidcIdp {
  readonly grants = new Map<string, Grant>();
  readonly requests: { path: string; body: string; headers: IncomingMessage['headers'] }[] = [];
  keys: OidcKey[] = [];
  /** Properties that extend or replace those of the provider metadata. */
  metadata: Record<string, unknown> = {};
  /** When set, every response has this status only. */
  broken?: number;
  private codes = 0;

  private constructor(private readonly server: Server) {}

  /** Starts the provider. `path` is the path of the issuer on its host. */
  static async start(path = ''): Promise<OidcIdp> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const idp = new OidcIdp(server);
    idp.path = path;
    idp.keys = [await newOidcKey('first')];
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void idp.answer(request, response));
    return idp;
  }

  path = '';

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get issuer(): string {
    return this.origin + this.path;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  /** Returns the callback path for an authorization request at `location` after the user signed in. */
  approve(location: string, answer: OidcAnswer = {}): string {
    const { searchParams: parameters } = new URL(location);
    const code = `code-${(this.codes += 1)}-${'x'.repeat(20)}`;
    this.grants.set(code, { parameters, answer });
    const callback = new URL(parameters.get('redirect_uri')!);
    for (const [name, value] of Object.entries({ code, state: parameters.get('state')!, ...answer.callback }))
      if (value !== undefined) callback.searchParams.set(name, value);
    return callback.pathname + callback.search;
  }

  /** Signs a token with a key of this provider. */
  sign(
    claims: Record<string, unknown>,
    { header = {}, key = this.keys[0]! }: Pick<OidcAnswer, 'header' | 'key'> = {},
  ): Promise<string> {
    return new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
  }

  /** Signs bytes that are not JSON claims. */
  signBytes(bytes: string, key = this.keys[0]!): Promise<string> {
    return new CompactSign(Buffer.from(bytes)).setProtectedHeader({ alg: key.alg, kid: key.kid }).sign(key.privateKey);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const path = new URL(request.url!, this.origin).pathname;
    this.requests.push({ path, body, headers: request.headers });
    const send = (status: number, value: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (this.broken !== undefined) send(this.broken, {});
    else if (path.endsWith('/.well-known/openid-configuration')) send(200, this.document());
    else if (path === '/keys') send(200, { keys: this.keys.map(({ jwk }) => jwk) });
    else if (path === '/token') await this.redeem(new URLSearchParams(body), send);
    else if (path === '/userinfo') this.userInfo(request, send);
    else send(404, {});
  }

  private document() {
    const { origin, issuer } = this;
    return {
      issuer,
      authorization_endpoint: `${origin}/authorize`,
      token_endpoint: `${origin}/token`,
      jwks_uri: `${origin}/keys`,
      userinfo_endpoint: `${origin}/userinfo`,
      end_session_endpoint: `${origin}/end`,
      response_types_supported: ['code'],
      ...this.metadata,
    };
  }

  private async redeem(form: URLSearchParams, send: (status: number, value: unknown) => void): Promise<void> {
    const grant = this.grants.get(form.get('code') ?? '');
    this.grants.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const isValid =
      grant !== undefined &&
      grant.parameters.get('code_challenge') === challenge &&
      grant.parameters.get('redirect_uri') === form.get('redirect_uri');
    if (!isValid) return send(400, { error: 'invalid_grant' });
    const { answer, parameters } = grant;
    if (answer.tokenError !== undefined) return send(answer.tokenError.status, answer.tokenError.body);
    const now = Math.floor(Date.now() / 1000);
    const valid = await this.sign(
      {
        iss: this.issuer,
        aud: parameters.get('client_id'),
        sub: 'subject-1',
        iat: now,
        exp: now + 300,
        nonce: parameters.get('nonce'),
        email: 'person@idp.example.test',
        email_verified: true,
        groups: ['mentors'],
        name: 'Synthetic Person',
        ...answer.claims,
      },
      answer,
    );
    this.people.set('access-token', answer.userInfo ?? {});
    send(200, {
      access_token: 'access-token',
      token_type: 'Bearer',
      expires_in: 300,
      id_token: answer.idToken === undefined ? valid : await answer.idToken(valid),
    });
  }

  private readonly people = new Map<string, Record<string, unknown>>();

  private userInfo({ headers }: IncomingMessage, send: (status: number, value: unknown) => void): void {
    const claims = this.people.get(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '');
    send(claims === undefined ? 401 : 200, claims === undefined ? {} : { sub: 'subject-1', ...claims });
  }
}
