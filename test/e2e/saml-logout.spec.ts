import { inflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { Harness } from '../harness/app.js';
import { Browser } from '../harness/browser.js';
import type { Client } from '../harness/client.js';
import { postSaml } from '../harness/identity-provider.js';
import {
  authnStatement,
  confirmation,
  instant,
  logoutXml,
  nameId,
  newSigningKey,
  redirectQuery,
  sign,
  signedResponse,
  status,
  truthfulLogout,
  truthfulParts,
  type LogoutParts,
  type SigningKey,
} from '../harness/saml-idp.js';
import { testConnection } from '../harness/saml-sign-in.js';
import { serviceProviderUrls, type SamlConnection } from '../../src/modules/auth/saml/saml-connection.js';
import { RawSql } from '../contract/raw-sql.js';

const PUBLIC = 'http://127.0.0.1:3000';
const STATE_PAGE = /^\/signed-out\?state=[\w-]{43}$/;
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const POST = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST';

let harness: Harness;
let key: SigningKey;
let one: SamlConnection;
let two: SamlConnection;

beforeAll(async () => {
  harness = await Harness.start();
  key = await newSigningKey();
  [one, two] = [await connect(), await connect()];
});
afterAll(() => harness.stop());

const setup = () => harness.operator.app.get(SsoSetupService);

/** Creates a connection that accepts IdP-initiated sign-in from an identity provider of this file. */
async function connect(binding = REDIRECT, settings: object = {}, withLogout = true): Promise<SamlConnection> {
  const orgId = await harness.make.organization('gme');
  const certificate = key.certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '');
  const metadata =
    '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" ' +
    'xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="https://idp.example.test/metadata">' +
    '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:KeyDescriptor>' +
    `<ds:KeyInfo><ds:X509Data><ds:X509Certificate>${certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>` +
    '</md:KeyDescriptor>' +
    (withLogout ? `<md:SingleLogoutService Binding="${binding}" Location="https://idp.example.test/slo"/>` : '') +
    `<md:SingleSignOnService Binding="${binding}" Location="https://idp.example.test/sso"/></md:IDPSSODescriptor>` +
    '</md:EntityDescriptor>';
  const { id } = await harness.operator.within(orgId, () =>
    setup().create({ name: 'Test', metadata, defaultRole: 'mentor', idpInitiated: true, ...settings }),
  );
  return { ...testConnection(id, [key.certificate]), ...serviceProviderUrls(PUBLIC, id), id, orgId };
}

let count = 0;
/** Signs in the user with this NameID, in a session with this SessionIndex. */
async function startSession(
  connection: SamlConnection,
  name: string,
  session: string,
  client = harness.client(),
  qualifiers: Record<string, string | undefined> = {},
): Promise<Client> {
  const validParts = truthfulParts(connection, '');
  const parts = {
    ...validParts,
    responseAttrs: { ...validParts.responseAttrs, InResponseTo: undefined, ID: `_r${(count += 1)}` },
    assertionAttrs: { ...validParts.assertionAttrs, ID: `_a${count}` },
    confirmations: confirmation({ Recipient: connection.acsUrl, NotOnOrAfter: instant(300) }),
    nameId: nameId(name, qualifiers),
    authn: authnStatement({ SessionIndex: session }),
    attributes: validParts.attributes.replace('ada@', `${name}@`),
  };
  const { status: code } = await postSaml(client, connection.id, {
    SAMLResponse: Buffer.from(signedResponse(parts, key)).toString('base64'),
  });
  expect(code).toBe(303);
  return client;
}

const message = (connection: SamlConnection, inside: string, more: LogoutParts['attrs'] = {}): string => {
  const validParts = truthfulLogout(connection);
  return logoutXml('LogoutRequest', {
    ...validParts,
    attrs: { ...validParts.attrs, ID: `_l${(count += 1)}`, ...more },
    inside,
  });
};
const sendByRedirect = (
  connection: SamlConnection,
  xml: string,
  client = harness.client(),
  field: 'SAMLRequest' | 'SAMLResponse' = 'SAMLRequest',
) => client.get(`/v1/sso/saml/${connection.id}/logout?${redirectQuery(field, xml, key)}`);
const isSignedIn = async (client: Client): Promise<boolean> => (await client.get('/v1/auth/me')).status === 200;
const index = (session: string): string => `<samlp:SessionIndex>${session}</samlp:SessionIndex>`;

async function refusals({ orgId }: SamlConnection): Promise<string[]> {
  const rows = await harness.database.superuser<{ reason: string }>(
    `SELECT meta ->> 'reason' AS reason FROM audit_events WHERE type = 'sso.logout_rejected' AND org_id = $1
       ORDER BY occurred_at, id`,
    [orgId],
  );
  return rows.map(({ reason }) => reason);
}

describe('a logout request of the provider', () => {
  it('ends exactly the named sessions of the named user of this connection', async () => {
    const [ada1, ada2, grace, elsewhere] = [
      await startSession(one, 'ada', 's1'),
      await startSession(one, 'ada', 's2'),
      await startSession(one, 'grace', 's1'),
      await startSession(two, 'ada', 's1'),
    ];
    expect((await sendByRedirect(one, message(one, nameId('ada') + index('s1')))).status).toBe(303);
    expect(await Promise.all([ada1, ada2, grace, elsewhere].map(isSignedIn))).toEqual([false, true, true, true]);
    expect((await sendByRedirect(one, message(one, nameId('ada')))).status).toBe(303);
    expect(await Promise.all([ada2, grace, elsewhere].map(isSignedIn))).toEqual([false, true, true]);
  });

  it('ends no session for a NameID of another format or qualifier', async () => {
    const ada = await startSession(one, 'ada', 's1');
    await sendByRedirect(
      one,
      message(one, nameId('ada', { Format: 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress' })),
    );
    await sendByRedirect(one, message(one, nameId('ada', { SPNameQualifier: 'https://elsewhere.example.test' })));
    expect(await isSignedIn(ada)).toBe(true);
  });

  it('is accepted by POST, but only once', async () => {
    const ada = await startSession(one, 'ada', 's1');
    const xml = message(one, nameId('ada'));
    const form = {
      SAMLRequest: Buffer.from(sign(xml, /ID="(_l\d+)"/.exec(xml)![1]!, key)).toString('base64'),
      RelayState: 'x',
    };
    const send = () =>
      harness.client().post(`/v1/sso/saml/${one.id}/logout`, undefined, {
        raw: new URLSearchParams(form).toString(),
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    const response = await send();
    expect([response.status, new URL(response.headers.get('location')!).origin, await isSignedIn(ada)]).toEqual([
      303,
      'https://idp.example.test',
      false,
    ]);
    expect(new URL(response.headers.get('location')!).searchParams.get('RelayState')).toBe('x');
    const again = await startSession(one, 'ada', 's2');
    expect([(await send()).body.code, await isSignedIn(again), (await refusals(one)).at(-1)]).toEqual([
      'sso_failed',
      true,
      'message_replayed',
    ]);
  });

  it('is rejected for another connection or another organization', async () => {
    const ada = await startSession(two, 'ada', 's9');
    expect((await sendByRedirect(two, message(one, nameId('ada')))).body.code).toBe('sso_failed');
    expect([await isSignedIn(ada), (await refusals(two)).at(-1)]).toEqual([true, 'destination_mismatch']);
  });

  it('is rejected without a signature', async () => {
    const ada = await startSession(one, 'ada', 's1');
    const query = redirectQuery('SAMLRequest', message(one, nameId('ada')), key).replace(/&SigAlg.*/, '');
    expect((await harness.client().get(`/v1/sso/saml/${one.id}/logout?${query}`)).body.code).toBe('sso_failed');
    expect([await isSignedIn(ada), (await refusals(one)).at(-1)]).toEqual([true, 'message_unsigned']);
  });

  it("requires the connection's secret in the database function", async () => {
    const ada = await startSession(one, 'ada', 's1');
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.client.query('BEGIN');
    const { rows } = await raw.attempt(
      `SELECT ended FROM app.sso_end_sessions($1, 'guess', (SELECT idp_subject FROM sessions LIMIT 1), '{}')`,
      [one.id],
    );
    await raw.client.query('COMMIT');
    await raw.end();
    expect([rows, await isSignedIn(ada)]).toEqual([[{ ended: null }], true]);
  });
});

describe('a logout response', () => {
  const answer = (connection: SamlConnection, to: string): string =>
    logoutXml('LogoutResponse', {
      ...truthfulLogout(connection),
      attrs: { ...truthfulLogout(connection).attrs, NotOnOrAfter: undefined, InResponseTo: to },
      inside: status('Success'),
    });

  it('completes only a logout that this browser started', async () => {
    const ada = await startSession(one, 'ada', 's1');
    const logout = await ada.get(`/v1/sso/saml/${one.id}/logout`);
    const sent = new URL(logout.headers.get('location')!);
    const request = inflateRawSync(Buffer.from(sent.searchParams.get('SAMLRequest')!, 'base64')).toString();
    const id = /ID="(_\w+)"/.exec(request)![1]!;
    expect(request).toContain('>ada<');
    expect(request).toContain('<samlp:SessionIndex>s1</samlp:SessionIndex>');
    expect(await isSignedIn(ada)).toBe(false);
    const otherUser = await startSession(one, 'grace', 's1');
    expect((await sendByRedirect(one, answer(one, id), otherUser, 'SAMLResponse')).body.code).toBe('sso_failed');
    expect(await isSignedIn(otherUser)).toBe(true);
    const result = await sendByRedirect(one, answer(one, id), ada, 'SAMLResponse');
    expect([result.status, result.headers.get('location')]).toEqual([303, expect.stringMatching(STATE_PAGE)]);
    const page = await ada.get(result.headers.get('location')!);
    expect(page.text).toContain('You are signed out here and at Test.');
    expect((await sendByRedirect(one, answer(one, id), ada, 'SAMLResponse')).body.code).toBe('sso_failed');
    expect((await refusals(one)).slice(-2)).toEqual(['browser_binding_missing', 'logout_unknown']);
  });

  it('repeats the NameID with exactly the attributes that the assertion had', async () => {
    const { idpEntityId: NameQualifier, spEntityId: SPNameQualifier } = one;
    for (const qualifiers of [{}, { SPNameQualifier }, { NameQualifier, SPNameQualifier }]) {
      const client = await startSession(one, 'ida', 's1', harness.client(), qualifiers);
      const { headers } = await client.get(`/v1/sso/saml/${one.id}/logout`);
      const sent = new URL(headers.get('location')!).searchParams.get('SAMLRequest')!;
      expect(inflateRawSync(Buffer.from(sent, 'base64')).toString()).toContain(nameId('ida', qualifiers));
    }
  });

  it('is rejected as a sign-in response, even when signed', async () => {
    const client = harness.client();
    await client.get(`/v1/sso/saml/${one.id}/login`);
    const xml = answer(one, '_x').replace(one.logoutUrl, one.acsUrl);
    const { body } = await postSaml(client, one.id, {
      SAMLResponse: Buffer.from(sign(xml, '_logout', key)).toString('base64'),
    });
    expect(body.code).toBe('sso_failed');
  });
});

describe('a local logout', () => {
  it('ends no session by password and none of another connection', async () => {
    const member = await harness.make.member(one.orgId, 'mentor');
    for (const client of [await harness.signIn(member.email), await startSession(two, 'ada', 's1')]) {
      const answer = await client.get(`/v1/sso/saml/${one.id}/logout`);
      expect([answer.status, answer.body.code, await isSignedIn(client)]).toEqual([404, 'not_found', true]);
    }
  });

  it('without a session leads to the page that says so', async () => {
    const ended = await startSession(one, 'ada', 's1');
    const secret = ended.cookieHeader;
    await ended.post('/v1/auth/logout');
    for (const cookie of ['', secret]) {
      const answer = await harness.client().get(`/v1/sso/saml/${one.id}/logout`, { headers: { cookie } });
      expect([answer.status, answer.headers.get('location')]).toEqual([303, '/signed-out']);
    }
  });

  it('by the button or the API leads to the provider, and the page says whether it was completed', async () => {
    const ada = await startSession(one, 'ada', 's1');
    const button = await ada.post('/account/sign-out', undefined, {
      raw: '',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: PUBLIC, accept: 'text/html' },
    });
    expect([button.status, button.text]).toEqual([
      200,
      expect.stringContaining('<meta http-equiv="refresh" content="0; url=https://idp.example.test/slo?SAMLRequest='),
    ]);
    expect((await ada.get('/signed-out')).text).toContain('You are still signed in at Test.');
    expect((await ada.get('/signed-out?state=forged')).text).toContain('You are still signed in at Test.');
    const grace = await startSession(one, 'grace', 's1');
    const { body } = await grace.post('/v1/auth/logout');
    expect([new URL(body.url).origin, await isSignedIn(grace)]).toEqual(['https://idp.example.test', false]);
  });

  it('makes the next sign-in of this browser ask for credentials, until a user has signed in', async () => {
    const ada = await startSession(one, 'ada', 's1');
    const forced = async (connection: SamlConnection) => {
      const { headers } = await ada.get(`/v1/sso/saml/${connection.id}/login`);
      const sent = new URL(headers.get('location')!).searchParams.get('SAMLRequest')!;
      return inflateRawSync(Buffer.from(sent, 'base64')).toString().includes('ForceAuthn="true"');
    };
    expect(await forced(one)).toBe(false);
    await ada.post('/v1/auth/logout');
    expect([await forced(one), await forced(two)]).toEqual([true, false]);
    await startSession(one, 'grace', 's1', ada);
    expect(await forced(one)).toBe(false);
  });

  it('without a logout URL of the provider ends on a page that says so', async () => {
    const connection = await connect(REDIRECT, {}, false);
    const ada = await startSession(connection, 'ada', 's1');
    expect((await ada.post('/v1/auth/logout')).body.url).toBe(`${PUBLIC}/signed-out`);
    expect([(await ada.get('/signed-out')).text, await isSignedIn(ada)]).toEqual([
      expect.stringContaining('You are still signed in at Test.'),
      false,
    ]);
  });

  it('is not completed by a response that reports a failure', async () => {
    const ada = await startSession(one, 'ada', 's1');
    const sent = new URL((await ada.get(`/v1/sso/saml/${one.id}/logout`)).headers.get('location')!);
    const request = inflateRawSync(Buffer.from(sent.searchParams.get('SAMLRequest')!, 'base64')).toString();
    const xml = logoutXml('LogoutResponse', {
      ...truthfulLogout(one),
      attrs: { ...truthfulLogout(one).attrs, NotOnOrAfter: undefined, InResponseTo: /ID="(_\w+)"/.exec(request)![1]! },
      inside: status('Responder'),
    });
    expect((await sendByRedirect(one, xml, ada, 'SAMLResponse')).headers.get('location')).toBe('/signed-out');
    expect((await ada.get('/signed-out')).text).toContain('You are still signed in at Test.');
  });
});

describe('a provider that accepts only POST', () => {
  it('receives signed messages by a form that works once, in this browser only', async () => {
    const connection = await connect(POST, { signRequests: true });
    const browser = new Browser({ [PUBLIC]: harness.url });
    const { form, url, headers } = await browser.visit(`${PUBLIC}/v1/sso/saml/${connection.id}/login`, () => true);
    expect(form!.action).toBe('https://idp.example.test/sso');
    const request = Buffer.from(form!.fields['SAMLRequest']!, 'base64').toString();
    expect(request).toMatch(/<samlp:AuthnRequest .*rsa-sha256.*<samlp:NameIDPolicy/s);
    expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'sha256-/);
    expect((await browser.at(PUBLIC).get(new URL(url).pathname + new URL(url).search)).status).toBe(403);
    const ada = await startSession(connection, 'ada', 's1', browser.at(PUBLIC));
    expect(await isSignedIn(ada)).toBe(true);
    const logoutPage = await browser.visit(`${PUBLIC}/v1/sso/saml/${connection.id}/logout`, () => true);
    expect(Buffer.from(logoutPage.form!.fields['SAMLRequest']!, 'base64').toString()).toMatch(
      /<samlp:LogoutRequest .*<ds:Signature /s,
    );
  });

  it('receives the response to its request from a frame without cookies', async () => {
    const connection = await connect(POST);
    const ada = await startSession(connection, 'ada', 's1');
    const other = await startSession(connection, 'ada', 's2');
    const xml = message(connection, nameId('ada') + index('s1'));
    const form = { SAMLRequest: Buffer.from(sign(xml, /ID="(_l\d+)"/.exec(xml)![1]!, key)).toString('base64') };
    const {
      status: code,
      text,
      headers,
    } = await harness.client().post(`/v1/sso/saml/${connection.id}/logout`, undefined, {
      raw: new URLSearchParams({ ...form, RelayState: 'token' }).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: 'https://idp.example.test',
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'iframe',
      },
    });
    expect([code, await isSignedIn(ada), await isSignedIn(other)]).toEqual([200, false, true]);
    expect([headers.get('x-frame-options'), headers.getSetCookie()]).toEqual([null, []]);
    expect(headers.get('content-security-policy')).toMatch(/frame-ancestors https:\/\/idp\.example\.test$/);
    expect(text).toMatch(/action="https:\/\/idp\.example\.test\/slo".*name="SAMLResponse".*value="token"/s);
  });
});
