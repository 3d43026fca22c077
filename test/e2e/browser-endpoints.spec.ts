import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SsoSetupService } from '../../src/modules/auth/sso/index.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client, Send } from '../harness/client.js';
import { IdentityProvider } from '../harness/identity-provider.js';
import { mailedToken } from '../harness/mail.js';
import { connectOidc, departOidc } from '../harness/oidc.js';
import { OidcIdp } from '../harness/oidc-idp.js';

const CHROME = {
  accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8',
  'sec-fetch-mode': 'navigate',
};
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

let harness: Harness;
let provider: IdentityProvider;
let idp: OidcIdp;
let saml: string;
let posting: string;
let oidc: string;
let email: string;

beforeAll(async () => {
  [harness, provider, idp] = await Promise.all([Harness.start(), IdentityProvider.start(), OidcIdp.start()]);
  const org = await harness.make.organization('gme');
  ({ email } = await harness.make.member(org, 'mentor'));
  const metadata = await provider.metadata();
  const connect = async (text: string) =>
    (
      await harness.operator.within(org, () =>
        harness.operator.app.get(SsoSetupService).create({ name: 'Synthetic', metadata: text }),
      )
    ).id;
  saml = await connect(metadata);
  posting = await connect(metadata.replaceAll('bindings:HTTP-Redirect', 'bindings:HTTP-POST'));
  oidc = await connectOidc(harness, org, idp.issuer);
});
afterAll(() => Promise.all([harness.stop(), provider.stop(), idp.stop()]));

type Step = (client: Client, headers: Record<string, string>) => Promise<Answer>;

const opened =
  (path: () => string): Step =>
  (client, headers) =>
    client.get(path(), { headers });

function posted(client: Client, path: string, fields: Record<string, string>, headers: Record<string, string>) {
  const send: Send = {
    raw: new URLSearchParams(fields).toString(),
    headers: { ...FORM, origin: harness.url, ...headers },
  };
  return client.send('POST', path, send);
}

const answerOf = async (client: Client, user: string) => {
  const { headers } = await client.get(`/v1/sso/saml/${saml}/login`);
  return (await provider.answer(headers.get('location')!, user)).fields;
};

/** Each address that a browser can reach and that has no page of its own, with what its page must say. */
const CASES: [what: string, status: number, code: string, says: RegExp, step: Step][] = [
  ['an unknown page', 404, 'not_found', /There is no page at this address/, opened(() => '/no-such-page')],
  ['an address with invalid text', 400, 'invalid_text', /text that cannot be stored/, opened(() => '/%00')],
  [
    'the assertion URL, opened by hand',
    405,
    'method_not_allowed',
    /This address is not a page/,
    (client, headers) => client.get(`/v1/sso/saml/${saml}/acs`, { headers }),
  ],
  ['the callback, opened by hand', 403, 'sso_failed', /Start again/, opened(() => `/v1/sso/oidc/${oidc}/callback`)],
  ['a form of a page, opened by hand', 405, 'method_not_allowed', /not a page/, opened(() => '/sign-in/password')],
  ['an unknown connection', 404, 'not_found', /start again/, opened(() => '/v1/sso/saml/nonsense/login')],
  [
    'an answer for a user without a role',
    403,
    'sso_failed',
    /signed you in, but you have no access/,
    async (client, headers) =>
      posted(client, `/v1/sso/saml/${saml}/acs`, await answerOf(client, 'trainee@gme.example'), headers),
  ],
  [
    'an answer that was used',
    403,
    'sso_failed',
    /works once, in the browser that started it/,
    async (client, headers) => {
      const fields = await answerOf(client, 'trainee@gme.example');
      await posted(client, `/v1/sso/saml/${saml}/acs`, fields, headers);
      return posted(client, `/v1/sso/saml/${saml}/acs`, fields, headers);
    },
  ],
  [
    'a forged answer',
    403,
    'sso_failed',
    /Start again at the sign-in page/,
    (client, headers) => posted(client, `/v1/sso/saml/${saml}/acs`, { SAMLResponse: 'AAAA' }, headers),
  ],
  [
    'a sign-in that the provider denied',
    403,
    'sso_failed',
    /identity provider did not sign you in.*Your administrator/s,
    async (client, headers) => {
      const url = await departOidc(client, oidc);
      const callback = { code: undefined, error: 'access_denied', error_description: '<b>no</b>' };
      return client.get(idp.approve(url, { callback }), { headers });
    },
  ],
  [
    'a page of a sign-in that was shown before',
    403,
    'sso_failed',
    /do not use the back button/,
    async (client, headers) => {
      const { headers: redirected } = await client.get(`/v1/sso/saml/${posting}/login`);
      const location = new URL(redirected.get('location')!);
      expect(location.pathname).toMatch(/\/form$/);
      const path = location.pathname + location.search;
      expect((await client.get(path, { headers })).status).toBe(200);
      return client.get(path, { headers });
    },
  ],
];

describe('an address without a page of its own', () => {
  it.each(CASES)('tells a browser what happened and what to do: %s', async (_what, status, code, says, step) => {
    const answer = await step(harness.client(), CHROME);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8']);
    expect(answer.text).toMatch(says);
    expect(answer.text).toContain('<a href="/sign-in">Go to the sign-in page</a>');
    expect(answer.text).toContain('send this code to your administrator');
    expect(answer.text).toContain(`${code} ${answer.headers.get('x-request-id')}`);
    expect(answer.text).not.toMatch(/signature|role_missing|request_unknown|<b>no|Error:|stack/i);
  });

  it.each(CASES)('answers a program with problem details: %s', async (_what, status, code, _says, step) => {
    const answer = await step(harness.client(), { accept: 'application/json' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(answer.body).toMatchObject({ status, code, requestId: answer.headers.get('x-request-id') });
  });
});

it('the start page leads a browser without a session to the sign-in page', async () => {
  const client = harness.client();
  let [path, answer] = ['/', await client.get('/', { headers: CHROME })];
  while (answer.status === 303) {
    path = answer.headers.get('location')!;
    answer = await client.get(path, { headers: CHROME });
  }
  expect([answer.status, path, answer.text.includes('<h1>Sign in</h1>')]).toEqual([200, expect.any(String), true]);
  expect((await harness.client().get('/account')).body.code).toBe('unauthenticated');
});

it('a mailed link that was used says so, and offers a new one', async () => {
  await harness.client().post('/v1/auth/password/forgot', { email });
  const token = await mailedToken(harness, email);
  const reset = (password: string) => posted(harness.client(), '/account/reset', { token, password }, CHROME);
  expect((await reset('Brisk-Otter-52')).status).toBe(200);
  const again = await reset('Other-Otter-53');
  expect([again.status, again.text.includes('The link was already used, or it has expired.')]).toEqual([404, true]);
  expect(again.text).toContain('<a href="/account/forgot">Request a new link</a>');
});

it('the page of a reached limit says when to try again', async () => {
  const client = harness.client();
  const post = () => posted(client, '/sign-in/password', {}, CHROME);
  let answer = await post();
  for (let n = 0; n < 400 && answer.status !== 429; n += 1) answer = await post();
  expect(answer.text).toMatch(/You can try again in (\d minutes|\d+ seconds|one second)\./);
});
