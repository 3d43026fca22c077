import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { Harness } from '../harness/app.js';
import { connectOidc, departOidc, refusals, signInByOidc } from '../harness/oidc.js';
import { newOidcKey, OidcIdp, type OidcAnswer, type OidcKey } from '../harness/oidc-idp.js';

let harness: Harness;
let idp: OidcIdp;
let orgId: string;
let connectionId: string;
let stranger: OidcKey;

beforeAll(async () => {
  [harness, idp, stranger] = await Promise.all([Harness.start(), OidcIdp.start(), newOidcKey('first')]);
  orgId = await harness.make.organization('gme');
  connectionId = await connectOidc(harness, orgId, idp.issuer);
});
afterAll(() => Promise.all([harness.stop(), idp.stop()]));

const now = (): number => Math.floor(Date.now() / 1000);

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The proper token with another header, signed anew with a shared secret or not at all. */
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

/** Each token that a hostile or broken provider, or somebody between us, might send; and why it is refused. */
const TOKENS: readonly (readonly [what: string, reason: string, answer: () => OidcAnswer])[] = [
  [
    'no signature (alg none)',
    'algorithm_not_allowed',
    () => ({ idToken: (proper) => withHeader(proper, { alg: 'none' }) }),
  ],
  [
    'alg none in other letters',
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
  ["a stranger's key under the known name", 'signature_invalid', () => ({ key: stranger })],
  ['a key nobody published', 'key_unknown', () => ({ key: { ...stranger, kid: 'unheard-of' } })],
  ['a key that the header brings along', 'signature_invalid', () => ({ key: stranger, header: { jwk: stranger.jwk } })],
  [
    'an address of keys in the header (jku)',
    'signature_invalid',
    () => ({ key: stranger, header: { jku: `${idp.origin}/keys` } }),
  ],
  [
    'an address of certificates in the header (x5u)',
    'signature_invalid',
    () => ({ key: stranger, header: { x5u: `${idp.origin}/keys` } }),
  ],
  ['a key name that is a path', 'key_unknown', () => ({ key: { ...stranger, kid: '../../first' } })],
  [
    'a critical header',
    'header_unsupported',
    () => ({ idToken: (proper) => withHeader(proper, { alg: 'RS256', crit: ['b64'], b64: false }) }),
  ],
  [
    'claims changed after signing',
    'signature_invalid',
    () => ({ idToken: (proper) => tampered(proper, { sub: 'somebody-else' }) }),
  ],
  ['a token cut short', 'signature_invalid', () => ({ idToken: (proper) => proper.slice(0, -8) })],
  [
    'a token without its signature',
    'token_malformed',
    () => ({ idToken: (proper) => proper.split('.').slice(0, 2).join('.') }),
  ],
  ['an encrypted token', 'token_encrypted', () => ({ idToken: () => 'a.b.c.d.e' })],
  ['something that is no token', 'token_malformed', () => ({ idToken: () => 'nonsense' })],
  [
    'a header that is no JSON',
    'token_malformed',
    () => ({
      idToken: (proper) => `${Buffer.from('{').toString('base64url')}.${proper.split('.').slice(1).join('.')}`,
    }),
  ],
  ['claims that are a list', 'token_malformed', () => ({ idToken: () => idp.signBytes('["sub"]') })],
  ['claims that are no JSON', 'token_malformed', () => ({ idToken: () => idp.signBytes('sub') })],
  ['a token of 70 kB', 'token_too_large', () => ({ claims: { padding: 'x'.repeat(70_000) } })],
  ['no token at all', 'token_missing', () => ({ idToken: () => undefined })],
  ['an access token (at+jwt)', 'token_type_mismatch', () => ({ header: { typ: 'at+jwt' } })],
  ['a logout token (logout+jwt)', 'token_type_mismatch', () => ({ header: { typ: 'logout+jwt' } })],
  ['a logout token without its type', 'token_type_mismatch', () => ({ claims: { events: LOGOUT_EVENT } })],
  ['another issuer', 'issuer_mismatch', () => ({ claims: { iss: 'https://evil.example.test' } })],
  ['the issuer with a slash more', 'issuer_mismatch', () => ({ claims: { iss: `${idp.issuer}/` } })],
  ['issuers in a list', 'issuer_mismatch', () => ({ claims: { iss: [idp.issuer] } })],
  ['no issuer', 'issuer_mismatch', () => ({ claims: { iss: undefined } })],
  ["another client's audience", 'audience_mismatch', () => ({ claims: { aud: 'other-client' } })],
  ['no audience', 'audience_mismatch', () => ({ claims: { aud: undefined } })],
  ['an audience that begins as ours does', 'audience_mismatch', () => ({ claims: { aud: 'client-2' } })],
  [
    'several audiences and nobody it was given to',
    'authorized_party_mismatch',
    () => ({ claims: { aud: ['client', 'other-client'] } }),
  ],
  [
    'a token given to another client',
    'authorized_party_mismatch',
    () => ({ claims: { aud: ['client', 'other-client'], azp: 'other-client' } }),
  ],
  ['our audience, but given to another', 'authorized_party_mismatch', () => ({ claims: { azp: 'other-client' } })],
  ['an expired token', 'token_expired', () => ({ claims: { iat: now() - 500, exp: now() - 200 } })],
  ['no end', 'time_malformed', () => ({ claims: { exp: undefined } })],
  ['an end that is a text', 'time_malformed', () => ({ claims: { exp: String(now() + 300) } })],
  ['no beginning', 'time_malformed', () => ({ claims: { iat: undefined } })],
  ['a token of the future', 'issued_in_future', () => ({ claims: { iat: now() + 600, exp: now() + 900 } })],
  ['a token that does not hold yet', 'token_not_yet_valid', () => ({ claims: { nbf: now() + 600 } })],
  ['a token of an hour ago', 'token_too_old', () => ({ claims: { iat: now() - 3600 } })],
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
    'userinfo about somebody else',
    'userinfo_subject_mismatch',
    () => ({
      claims: { email: undefined },
      userInfo: { sub: 'somebody-else', email: 'else@idp.example.test', email_verified: true },
    }),
  ],
  [
    'an address with a line break',
    'email_invalid',
    () => ({ claims: { sub: 'x1', email: 'a@b.example\r\nBcc: c@d.example' } }),
  ],
  ['addresses in a list', 'email_invalid', () => ({ claims: { sub: 'x2', email: ['a@b.example', 'c@d.example'] } })],
  [
    'groups left out because there are too many',
    'groups_truncated',
    () => ({ claims: { groups: undefined, _claim_names: { groups: 'src1' } } }),
  ],
  [
    'groups left out, as Entra ID says in the implicit flow',
    'groups_truncated',
    () => ({ claims: { groups: undefined, hasgroups: true } }),
  ],
  ['groups that stand for no role', 'role_missing', () => ({ claims: { groups: ['nobody'] } })],
  ['a group that only contains the name of ours', 'role_missing', () => ({ claims: { groups: 'no mentors' } })],
  [
    "a hosted domain that is not the organization's",
    'hosted_domain_mismatch',
    () => ({ claims: { hd: 'evil.example.test' } }),
  ],
  [
    'a code that the provider refuses',
    'code_rejected',
    () => ({ tokenError: { status: 400, body: { error: 'invalid_grant' } } }),
  ],
  [
    'a client that the provider refuses',
    'client_rejected',
    () => ({ tokenError: { status: 401, body: { error: 'invalid_client' } } }),
  ],
  [
    'an answer of the token endpoint that is a list',
    'token_response_invalid',
    () => ({ tokenError: { status: 200, body: ['x'] } }),
  ],
];

/** What the browser may bring back wrong. */
const CALLBACKS: readonly (readonly [what: string, reason: string, callback: () => OidcAnswer['callback']])[] = [
  ['no state', 'parameter_missing', () => ({ state: undefined })],
  ['a state of another form', 'parameter_missing', () => ({ state: 'short' })],
  ['a state nobody made', 'request_unknown', () => ({ state: 'A'.repeat(43) })],
  ['no code', 'parameter_missing', () => ({ code: undefined })],
  ['an empty code', 'parameter_missing', () => ({ code: '' })],
  ['a code nobody made', 'code_rejected', () => ({ code: 'made-up' })],
  ['a code of 5 kB', 'code_too_large', () => ({ code: 'x'.repeat(5000) })],
  ['code and error together', 'parameter_unexpected', () => ({ error: 'access_denied' })],
  ['a token in the address (implicit flow)', 'parameter_unexpected', () => ({ id_token: 'a.b.c' })],
  ['an access token in the address', 'parameter_unexpected', () => ({ access_token: 'x' })],
  ['a signed response (JARM)', 'parameter_unexpected', () => ({ response: 'a.b.c' })],
  ["another issuer's answer (mix-up)", 'response_issuer_mismatch', () => ({ iss: 'https://evil.example.test' })],
  ['a person who said no', 'provider_access_denied', () => ({ code: undefined, error: 'access_denied' })],
  [
    'a provider that must ask the person',
    'provider_interaction_required',
    () => ({ code: undefined, error: 'login_required' }),
  ],
  ['a provider in trouble', 'provider_error', () => ({ code: undefined, error: 'server_error' })],
];

async function expectRefused(
  answer: { status: number; body: { code?: string }; text: string },
  reason: string,
): Promise<void> {
  expect((await refusals(harness, orgId)).at(-1)).toBe(reason);
  expect([answer.status, answer.body.code]).toEqual([403, 'sso_failed']);
  expect(answer.text).not.toContain(reason); // trying teaches nothing
}

describe('hostile tokens', () => {
  it.each(TOKENS)('%s: %s', async (_what, reason, answer) => {
    const client = harness.client();
    await expectRefused(await signInByOidc(idp, client, connectionId, answer()), reason);
    expect((await client.get('/v1/auth/me')).status).toBe(401);
  });

  it.each([
    ['a type that is said', () => ({ header: { typ: 'JWT' } })],
    ['several audiences, given to us', () => ({ claims: { aud: ['other-client', 'client'], azp: 'client' } })],
    ['a clock a minute ahead', () => ({ claims: { iat: now() + 60, nbf: now() + 60 } })],
    ["a token without the key's name, where there is one key", () => ({ header: { kid: undefined } })],
    [
      'userinfo about the same person',
      () => ({
        claims: { sub: 'same', email: undefined },
        userInfo: { sub: 'same', email: 'same@idp.example.test', email_verified: true },
      }),
    ],
    ['the address of the issuer in the answer', () => ({ callback: { iss: idp.issuer } })],
    ['one group as a text', () => ({ claims: { groups: 'mentors' } })],
  ] satisfies [string, () => OidcAnswer][])('are not: %s', async (_what, answer) => {
    expect((await signInByOidc(idp, harness.client(), connectionId, answer())).status).toBe(303);
  });
});

describe('hostile callbacks', () => {
  it.each(CALLBACKS)('%s: %s', async (_what, reason, callback) => {
    await expectRefused(await signInByOidc(idp, harness.client(), connectionId, { callback: callback() }), reason);
  });

  it('a parameter given twice', async () => {
    const client = harness.client();
    const back = idp.approve(await departOidc(client, connectionId));
    expect((await client.get(`${back}&state=x`)).body.code).toBe('duplicate_parameter');
  });

  it('a callback that comes by post', async () => {
    const client = harness.client();
    const back = idp.approve(await departOidc(client, connectionId));
    const form = {
      raw: back.slice(back.indexOf('?') + 1),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
    expect((await client.post(back.slice(0, back.indexOf('?')), undefined, form)).status).toBe(405);
  });

  it('the same callback a second time: request_unknown', async () => {
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

  it("a code of another sign-in, injected into one's own: code_rejected", async () => {
    const stolen = new URL(idp.approve(await departOidc(harness.client(), connectionId)), harness.url);
    const client = harness.client();
    const back = idp.approve(await departOidc(client, connectionId), {
      callback: { code: stolen.searchParams.get('code') ?? '' },
    });
    await expectRefused(await client.get(back), 'code_rejected');
  });

  it('an answer without its issuer, from a provider that announces it: response_issuer_missing', async () => {
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
  it("never accept each other's answers: neither another organization's nor another provider's", async () => {
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

describe('a provider that says of itself what is not so', () => {
  it.each([
    ['another issuer', 'provider_issuer_mismatch', { issuer: 'https://evil.example.test' }],
    ['no keys', 'provider_metadata_invalid', { jwks_uri: undefined }],
    ['a sign-in page that is a script', 'provider_metadata_invalid', { authorization_endpoint: 'javascript:alert(1)' }],
    [
      'a token endpoint in plain http elsewhere',
      'provider_metadata_invalid',
      { token_endpoint: 'http://tokens.example.test/' },
    ],
    ['no code flow', 'provider_unsupported', { response_types_supported: ['id_token'] }],
  ] as const)('%s: %s', async (_what, reason, metadata) => {
    const other = await OidcIdp.start();
    try {
      other.metadata = metadata;
      const connection = await connectOidc(harness, orgId, other.issuer);
      expect((await harness.client().get(`/v1/sso/oidc/${connection}/login`)).status).toBe(403);
      expect((await refusals(harness, orgId)).at(-1)).toBe(reason);
    } finally {
      await other.stop();
    }
  });
});
