import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { Harness } from '../harness/app.js';
import { connectOidc, departOidc, refusals, signInByOidc } from '../harness/oidc.js';
import { newOidcKey, OidcIdp, type OidcAnswer, type OidcKey } from '../harness/oidc-idp.js';

let harness: Harness;
let idp: OidcIdp;
let orgId: string;
let connectionId: string;
let foreignKey: OidcKey;

beforeAll(async () => {
  [harness, idp, foreignKey] = await Promise.all([Harness.start(), OidcIdp.start(), newOidcKey('first')]);
  orgId = await harness.make.organization('gme');
  connectionId = await connectOidc(harness, orgId, idp.issuer);
});
afterAll(() => Promise.all([harness.stop(), idp.stop()]));

const now = (): number => Math.floor(Date.now() / 1000);

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** Returns the valid token with another header, signed with a shared secret or unsigned. */
async function withHeader(proper: string, header: object, secret?: string): Promise<string> {
  const claims = JSON.parse(Buffer.from(proper.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;
  if (secret === undefined) return `${base64url(header)}.${base64url(claims)}.`;
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...header }).sign(Buffer.from(secret));
}

const tampered = (proper: string, change: object): string => {
  const [header, claims, signature] = proper.split('.');
  const before = JSON.parse(Buffer.from(claims!, 'base64url').toString()) as object;
  return `${header}.${base64url({ ...before, ...change })}.${signature}`;
};

const LOGOUT_EVENT = { 'http://schemas.openid.net/event/backchannel-logout': {} };

/**
 * Each invalid token that a hostile provider, a broken provider, or an attacker in between can send, with its
 * reason.
 */
const TOKENS: readonly (readonly [what: string, reason: string, answer: () => OidcAnswer])[] = [
  [
    'no signature (alg none)',
    'algorithm_not_allowed',
    () => ({ idToken: (proper) => withHeader(proper, { alg: 'none' }) }),
  ],
  [
    'alg none in mixed case',
    'algorithm_not_allowed',
    () => ({ idToken: (proper) => withHeader(proper, { alg: 'nOnE' }) }),
  ],
  [
    'an HMAC keyed with the public key',
    'algorithm_not_allowed',
    () => ({ idToken: (proper) => withHeader(proper, { kid: 'first' }, JSON.stringify(idp.keys[0]!.jwk)) }),
  ],
  [
    'an HMAC keyed with the client secret',
    'algorithm_not_allowed',
    () => ({ idToken: (proper) => withHeader(proper, {}, 'not-so-secret') }),
  ],
  ["another party's key under the known kid", 'signature_invalid', () => ({ key: foreignKey })],
  ['an unpublished key', 'key_unknown', () => ({ key: { ...foreignKey, kid: 'unheard-of' } })],
  ['a key in the header (jwk)', 'signature_invalid', () => ({ key: foreignKey, header: { jwk: foreignKey.jwk } })],
  [
    'a key URL in the header (jku)',
    'signature_invalid',
    () => ({ key: foreignKey, header: { jku: `${idp.origin}/keys` } }),
  ],
  [
    'a certificate URL in the header (x5u)',
    'signature_invalid',
    () => ({ key: foreignKey, header: { x5u: `${idp.origin}/keys` } }),
  ],
  ['a kid that is a path', 'key_unknown', () => ({ key: { ...foreignKey, kid: '../../first' } })],
  [
    'a critical header',
    'header_unsupported',
    () => ({ idToken: (proper) => withHeader(proper, { alg: 'RS256', crit: ['b64'], b64: false }) }),
  ],
  [
    'claims changed after signing',
    'signature_invalid',
    () => ({ idToken: (proper) => tampered(proper, { sub: 'another-user' }) }),
  ],
  ['a truncated token', 'signature_invalid', () => ({ idToken: (proper) => proper.slice(0, -8) })],
  [
    'a token without its signature',
    'token_malformed',
    () => ({ idToken: (proper) => proper.split('.').slice(0, 2).join('.') }),
  ],
  ['an encrypted token', 'token_encrypted', () => ({ idToken: () => 'a.b.c.d.e' })],
  ['a string that is not a token', 'token_malformed', () => ({ idToken: () => 'nonsense' })],
  [
    'a header that is not JSON',
    'token_malformed',
    () => ({
      idToken: (proper) => `${Buffer.from('{').toString('base64url')}.${proper.split('.').slice(1).join('.')}`,
    }),
  ],
  ['claims that are an array', 'token_malformed', () => ({ idToken: () => idp.signBytes('["sub"]') })],
  ['claims that are not JSON', 'token_malformed', () => ({ idToken: () => idp.signBytes('sub') })],
  ['a token of 70 kB', 'token_too_large', () => ({ claims: { padding: 'x'.repeat(70_000) } })],
  ['no ID token', 'token_missing', () => ({ idToken: () => undefined })],
  ['an access token (at+jwt)', 'token_type_mismatch', () => ({ header: { typ: 'at+jwt' } })],
  ['a logout token (logout+jwt)', 'token_type_mismatch', () => ({ header: { typ: 'logout+jwt' } })],
  ['a logout token without its type', 'token_type_mismatch', () => ({ claims: { events: LOGOUT_EVENT } })],
  ['another issuer', 'issuer_mismatch', () => ({ claims: { iss: 'https://evil.example.test' } })],
  ['the issuer with an extra slash', 'issuer_mismatch', () => ({ claims: { iss: `${idp.issuer}/` } })],
  ['an array of issuers', 'issuer_mismatch', () => ({ claims: { iss: [idp.issuer] } })],
  ['no issuer', 'issuer_mismatch', () => ({ claims: { iss: undefined } })],
  ["another client's audience", 'audience_mismatch', () => ({ claims: { aud: 'other-client' } })],
  ['no audience', 'audience_mismatch', () => ({ claims: { aud: undefined } })],
  ['an audience with the same prefix', 'audience_mismatch', () => ({ claims: { aud: 'client-2' } })],
  [
    'several audiences without an authorized party',
    'authorized_party_mismatch',
    () => ({ claims: { aud: ['client', 'other-client'] } }),
  ],
  [
    'a token issued to another client',
    'authorized_party_mismatch',
    () => ({ claims: { aud: ['client', 'other-client'], azp: 'other-client' } }),
  ],
  [
    'the correct audience with another authorized party',
    'authorized_party_mismatch',
    () => ({ claims: { azp: 'other-client' } }),
  ],
  ['an expired token', 'token_expired', () => ({ claims: { iat: now() - 500, exp: now() - 200 } })],
  ['no expiry', 'time_malformed', () => ({ claims: { exp: undefined } })],
  ['an expiry that is a string', 'time_malformed', () => ({ claims: { exp: String(now() + 300) } })],
  ['no issue time', 'time_malformed', () => ({ claims: { iat: undefined } })],
  ['a token from the future', 'issued_in_future', () => ({ claims: { iat: now() + 600, exp: now() + 900 } })],
  ['a token that is not valid yet', 'token_not_yet_valid', () => ({ claims: { nbf: now() + 600 } })],
  ['a token issued an hour ago', 'token_too_old', () => ({ claims: { iat: now() - 3600 } })],
  ['another nonce', 'nonce_mismatch', () => ({ claims: { nonce: 'another' } })],
  ['no nonce', 'nonce_mismatch', () => ({ claims: { nonce: undefined } })],
  ['no subject', 'subject_missing', () => ({ claims: { sub: undefined } })],
  ['an empty subject', 'subject_missing', () => ({ claims: { sub: '' } })],
  ['a subject that is a number', 'subject_missing', () => ({ claims: { sub: 7 } })],
  ['a subject of 300 characters', 'subject_missing', () => ({ claims: { sub: 'x'.repeat(300) } })],
  [
    "another access token's hash",
    'access_token_hash_mismatch',
    () => ({ claims: { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' } }),
  ],
  [
    'userinfo of another subject',
    'userinfo_subject_mismatch',
    () => ({
      claims: { email: undefined },
      userInfo: { sub: 'another-user', email: 'else@idp.example.test', email_verified: true },
    }),
  ],
  [
    'an e-mail address with a line break',
    'email_invalid',
    () => ({ claims: { sub: 'x1', email: 'a@b.example\r\nBcc: c@d.example' } }),
  ],
  [
    'an array of e-mail addresses',
    'email_invalid',
    () => ({ claims: { sub: 'x2', email: ['a@b.example', 'c@d.example'] } }),
  ],
  [
    'groups omitted because of their number',
    'groups_truncated',
    () => ({ claims: { groups: undefined, _claim_names: { groups: 'src1' } } }),
  ],
  [
    'groups omitted as Entra ID signals in the implicit flow',
    'groups_truncated',
    () => ({ claims: { groups: undefined, hasgroups: true } }),
  ],
  ['groups without a mapped role', 'role_missing', () => ({ claims: { groups: ['nobody'] } })],
  [
    'a group that only contains the name of a mapped group',
    'role_missing',
    () => ({ claims: { groups: 'no mentors' } }),
  ],
  [
    "a hosted domain that is not the organization's",
    'hosted_domain_mismatch',
    () => ({ claims: { hd: 'evil.example.test' } }),
  ],
  [
    'a code that the provider rejects',
    'code_rejected',
    () => ({ tokenError: { status: 400, body: { error: 'invalid_grant' } } }),
  ],
  [
    'a client that the provider rejects',
    'client_rejected',
    () => ({ tokenError: { status: 401, body: { error: 'invalid_client' } } }),
  ],
  ['a token response that is an array', 'token_response_invalid', () => ({ tokenError: { status: 200, body: ['x'] } })],
];

/** Each invalid callback that a browser can send. */
const CALLBACKS: readonly (readonly [what: string, reason: string, callback: () => OidcAnswer['callback']])[] = [
  ['no state', 'parameter_missing', () => ({ state: undefined })],
  ['a state in another format', 'parameter_missing', () => ({ state: 'short' })],
  ['an unknown state', 'request_unknown', () => ({ state: 'A'.repeat(43) })],
  ['no code', 'parameter_missing', () => ({ code: undefined })],
  ['an empty code', 'parameter_missing', () => ({ code: '' })],
  ['an unknown code', 'code_rejected', () => ({ code: 'made-up' })],
  ['a code of 5 kB', 'code_too_large', () => ({ code: 'x'.repeat(5000) })],
  ['code and error together', 'parameter_unexpected', () => ({ error: 'access_denied' })],
  ['an ID token in the URL (implicit flow)', 'parameter_unexpected', () => ({ id_token: 'a.b.c' })],
  ['an access token in the URL', 'parameter_unexpected', () => ({ access_token: 'x' })],
  ['a signed response (JARM)', 'parameter_unexpected', () => ({ response: 'a.b.c' })],
  ['a response of another issuer (mix-up)', 'response_issuer_mismatch', () => ({ iss: 'https://evil.example.test' })],
  ['a sign-in that the user canceled', 'provider_access_denied', () => ({ code: undefined, error: 'access_denied' })],
  [
    'a provider that requires user interaction',
    'provider_interaction_required',
    () => ({ code: undefined, error: 'login_required' }),
  ],
  ['a provider with a server error', 'provider_error', () => ({ code: undefined, error: 'server_error' })],
];

async function expectRefused(
  answer: { status: number; body: { code?: string }; text: string },
  reason: string,
): Promise<void> {
  expect((await refusals(harness, orgId)).at(-1)).toBe(reason);
  expect([answer.status, answer.body.code]).toEqual([403, 'sso_failed']);
  expect(answer.text).not.toContain(reason); // the response reveals no reason to an attacker
}

describe('hostile tokens', () => {
  it.each(TOKENS)('%s: %s', async (_what, reason, answer) => {
    const client = harness.client();
    await expectRefused(await signInByOidc(idp, client, connectionId, answer()), reason);
    expect((await client.get('/v1/auth/me')).status).toBe(401);
  });

  it.each([
    ['a token with the type JWT', () => ({ header: { typ: 'JWT' } })],
    [
      'several audiences with this client as the authorized party',
      () => ({ claims: { aud: ['other-client', 'client'], azp: 'client' } }),
    ],
    ['a clock one minute ahead', () => ({ claims: { iat: now() + 60, nbf: now() + 60 } })],
    ['a token without a kid from a provider with one key', () => ({ header: { kid: undefined } })],
    [
      'userinfo of the same subject',
      () => ({
        claims: { sub: 'same', email: undefined },
        userInfo: { sub: 'same', email: 'same@idp.example.test', email_verified: true },
      }),
    ],
    ['the issuer in the response', () => ({ callback: { iss: idp.issuer } })],
    ['a single group as a string', () => ({ claims: { groups: 'mentors' } })],
  ] satisfies [string, () => OidcAnswer][])('do not include %s', async (_what, answer) => {
    expect((await signInByOidc(idp, harness.client(), connectionId, answer())).status).toBe(303);
  });
});

describe('hostile callbacks', () => {
  it.each(CALLBACKS)('%s: %s', async (_what, reason, callback) => {
    await expectRefused(await signInByOidc(idp, harness.client(), connectionId, { callback: callback() }), reason);
  });

  it('a duplicate parameter: duplicate_parameter', async () => {
    const client = harness.client();
    const back = idp.approve(await departOidc(client, connectionId));
    expect((await client.get(`${back}&state=x`)).body.code).toBe('duplicate_parameter');
  });

  it('a callback by POST: 405', async () => {
    const client = harness.client();
    const back = idp.approve(await departOidc(client, connectionId));
    const form = {
      raw: back.slice(back.indexOf('?') + 1),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
    expect((await client.post(back.slice(0, back.indexOf('?')), undefined, form)).status).toBe(405);
  });

  it('a repeated callback: request_unknown', async () => {
    const client = harness.client();
    const back = idp.approve(await departOidc(client, connectionId));
    expect((await client.get(back)).status).toBe(303);
    await expectRefused(await client.get(back), 'request_unknown');
  });

  it('a callback in another browser: browser_binding_missing, request_unknown', async () => {
    const back = idp.approve(await departOidc(harness.client(), connectionId));
    await expectRefused(await harness.client().get(back), 'browser_binding_missing');
    const victim = harness.client();
    await departOidc(victim, connectionId);
    await expectRefused(await victim.get(back), 'request_unknown');
  });

  it("a code of another sign-in injected into the user's own: code_rejected", async () => {
    const stolen = new URL(idp.approve(await departOidc(harness.client(), connectionId)), harness.url);
    const client = harness.client();
    const back = idp.approve(await departOidc(client, connectionId), {
      callback: { code: stolen.searchParams.get('code') ?? '' },
    });
    await expectRefused(await client.get(back), 'code_rejected');
  });

  it('a response without the issuer from a provider that announces it: response_issuer_missing', async () => {
    const other = await OidcIdp.start();
    try {
      other.metadata = { authorization_response_iss_parameter_supported: true };
      const connection = await connectOidc(harness, orgId, other.issuer);
      await expectRefused(await signInByOidc(other, harness.client(), connection), 'response_issuer_missing');
      const sub = { claims: { sub: 'with-issuer', email: 'with-issuer@idp.example.test' } };
      expect(
        (await signInByOidc(other, harness.client(), connection, { ...sub, callback: { iss: other.issuer } })).status,
      ).toBe(303);
    } finally {
      await other.stop();
    }
  });
});

describe('two connections', () => {
  it("never accept responses of another organization's connection or of another provider", async () => {
    const elsewhere = await harness.make.organization('gme');
    const sameProvider = await connectOidc(harness, elsewhere, idp.issuer, { clientId: 'their-client' });
    const client = harness.client();
    const back = idp.approve(await departOidc(client, connectionId));
    expect((await client.get(back.replace(connectionId, sameProvider))).status).toBe(403);
    expect((await refusals(harness, elsewhere)).at(-1)).toBe('request_unknown');
    const theirs = idp.approve(await departOidc(client, sameProvider)).replace(sameProvider, connectionId);
    await expectRefused(await client.get(theirs), 'request_unknown');
    await expectRefused(
      await signInByOidc(idp, harness.client(), connectionId, { claims: { aud: 'their-client' } }),
      'audience_mismatch',
    );
  });
});

describe('a provider with invalid metadata', () => {
  it.each([
    ['another issuer', 'provider_issuer_mismatch', { issuer: 'https://evil.example.test' }],
    ['no keys', 'provider_metadata_invalid', { jwks_uri: undefined }],
    [
      'a sign-in page with a script URL',
      'provider_metadata_invalid',
      { authorization_endpoint: 'javascript:alert(1)' },
    ],
    ['a token endpoint on plain HTTP', 'provider_metadata_invalid', { token_endpoint: 'http://tokens.example.test/' }],
    ['no code flow', 'provider_unsupported', { response_types_supported: ['id_token'] }],
  ] as const)('%s: %s', async (_what, reason, metadata) => {
    const other = await OidcIdp.start();
    try {
      other.metadata = metadata;
      const connection = await connectOidc(harness, orgId, other.issuer);
      expect((await harness.client().get(`/v1/sso/oidc/${connection}/login`)).body.code).toBe('provider_unreachable');
      expect((await refusals(harness, orgId)).at(-1)).toBe(reason);
    } finally {
      await other.stop();
    }
  });
});
