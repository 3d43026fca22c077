import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CompactSign, exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

/** A signing key of a provider. */
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

/** How one sign-in of this provider differs from a proper one. */
export interface OidcAnswer {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  key?: OidcKey;
  /** In place of the signed token. */
  idToken?: (proper: string) => string | Promise<string> | undefined;
  userInfo?: Record<string, unknown>;
  /** What the token endpoint answers with in place of tokens. */
  tokenError?: { status: number; body: unknown };
  /** Beside code and state in the address that the browser is sent back to; undefined takes one away. */
  callback?: Record<string, string | undefined>;
}

interface Grant {
  readonly parameters: URLSearchParams;
  readonly answer: OidcAnswer;
}

/** An OpenID provider that does what a test says, on this machine: documents, keys, codes with PKCE, userinfo. */
export class OidcIdp {
  readonly grants = new Map<string, Grant>();
  readonly requests: { path: string; body: string; headers: IncomingMessage['headers'] }[] = [];
  keys: OidcKey[] = [];
  /** Added to the provider's document, or put in place of what is there. */
  metadata: Record<string, unknown> = {};
  /** Where it is set, nothing else than this status is answered. */
  broken?: number;
  private codes = 0;

  private constructor(private readonly server: Server) {}

  /** `path` is where the issuer lies on its host. */
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

  /** What the browser is sent back with, when it was sent to `location` and the person signed in there. */
  approve(location: string, answer: OidcAnswer = {}): string {
    const { searchParams: parameters } = new URL(location);
    const code = `code-${(this.codes += 1)}-${'x'.repeat(20)}`;
    this.grants.set(code, { parameters, answer });
    const back = new URL(parameters.get('redirect_uri')!);
    for (const [name, value] of Object.entries({ code, state: parameters.get('state')!, ...answer.callback }))
      if (value !== undefined) back.searchParams.set(name, value);
    return back.pathname + back.search;
  }

  /** A token as this provider signs them. */
  sign(
    claims: Record<string, unknown>,
    { header = {}, key = this.keys[0]! }: Pick<OidcAnswer, 'header' | 'key'> = {},
  ): Promise<string> {
    return new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
  }

  /** Signs bytes that are no claims. */
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
    const right =
      grant !== undefined &&
      grant.parameters.get('code_challenge') === challenge &&
      grant.parameters.get('redirect_uri') === form.get('redirect_uri');
    if (!right) return send(400, { error: 'invalid_grant' });
    const { answer, parameters } = grant;
    if (answer.tokenError !== undefined) return send(answer.tokenError.status, answer.tokenError.body);
    const now = Math.floor(Date.now() / 1000);
    const proper = await this.sign(
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
      id_token: answer.idToken === undefined ? proper : await answer.idToken(proper),
    });
  }

  private readonly people = new Map<string, Record<string, unknown>>();

  private userInfo({ headers }: IncomingMessage, send: (status: number, value: unknown) => void): void {
    const claims = this.people.get(/^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '');
    send(claims === undefined ? 401 : 200, claims === undefined ? {} : { sub: 'subject-1', ...claims });
  }
}
