import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Browser } from '../harness/browser.js';
import {
  framesOf,
  isSignedIn,
  ProviderConnection,
  PUBLIC,
  shapeOf,
  type ConnectionInput,
} from '../harness/provider-connection.js';
import { newSigningKey, type SigningKey } from '../harness/saml-idp.js';
import { SimpleSamlPhp } from '../harness/simplesamlphp.js';

let harness: Harness;
let provider: SimpleSamlPhp;
beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), SimpleSamlPhp.start()]);
});
afterAll(() => Promise.all([harness?.stop(), provider?.stop()]));
beforeEach(() => provider.configure({}));

/** Connects by the URL of the provider's metadata. The provider reads ours by its URL. */
async function connect(settings: ConnectionInput = {}): Promise<ProviderConnection> {
  const connection = await ProviderConnection.create(harness, { metadataUrl: provider.entityId, ...settings });
  await provider.trust(connection.address('metadata'));
  return connection;
}

const ada = (connection: ProviderConnection): Browser => connection.browser(SimpleSamlPhp.credentials('ada'));

/** The provider follows the wishes in our metadata rather than its own settings. */
const withoutWishes = (metadata: string): string => metadata.replace(/ WantAssertionsSigned="[^"]*"/, '');

const SIGNED = {
  assertion: { 'saml20.sign.assertion': true, 'saml20.sign.response': false },
  response: { 'saml20.sign.assertion': false, 'saml20.sign.response': true },
  'response and assertion': { 'saml20.sign.assertion': true, 'saml20.sign.response': true },
};

describe('SimpleSAMLphp', () => {
  it('is version 1.19', () => {
    expect(provider.version).toMatch(/^1\.19\./);
  });

  it('signs a user in with its default settings, and both sides read metadata by URL', async () => {
    const connection = await connect();
    const result = await connection.signIn(ada(connection));
    expect([result.status, result.body.user]).toEqual([
      200,
      expect.objectContaining({ email: 'ada@simplesaml.example', name: 'Synthetic ada' }),
    ]);
  });

  describe.each(Object.entries(SIGNED))('signs the %s', (signed, settings) => {
    it.each([
      ['in plain text with RSA-SHA256', 'rsa-sha256', false],
      ['in plain text with RSA-SHA384', 'rsa-sha384', false],
      ['in plain text with RSA-SHA512', 'rsa-sha512', false],
      ['and encrypts with AES-128-CBC and RSA-SHA256', 'rsa-sha256', true],
      ['and encrypts with AES-128-CBC and RSA-SHA384', 'rsa-sha384', true],
      ['and encrypts with AES-128-CBC and RSA-SHA512', 'rsa-sha512', true],
    ] as const)('%s', async (_what, method, encrypted) => {
      await provider.configure({
        ...settings,
        'signature.algorithm': `http://www.w3.org/2001/04/xmldsig-more#${method}`,
        'assertion.encryption': encrypted,
      });
      const connection = await connect();
      await provider.trustEdited(withoutWishes((await harness.client().get(connection.address('metadata'))).text));
      const user = ada(connection);
      const form = await connection.untilResponse(user);
      const visible = encrypted ? signed.replace(/(?: and )?assertion/, '') : signed;
      expect(shapeOf(form)).toEqual({
        signed: visible,
        method: visible === '' ? undefined : method,
        encryption: encrypted ? 'aes128-cbc' : undefined,
      });
      await user.send(new URL(form.action), form, provider.url);
      expect([await isSignedIn(user), await connection.refusals()]).toEqual([true, []]);
    });
  });

  it('posts its response to a user whose connection asks for signed requests and new credentials', async () => {
    await provider.configure({ 'validate.authnrequest': true });
    const connection = await connect({ signRequests: true, forceAuthn: true });
    const user = ada(connection);
    expect((await connection.signIn(user)).status).toBe(200);
    expect((await connection.signIn(user)).status).toBe(200);
    const pages = user.history.filter((entry) => entry.startsWith('POST') && entry.includes('loginuserpass'));
    expect(pages.length).toBe(2);
  });

  it('is rejected when it encrypts the NameID, which no other setting needs', async () => {
    await provider.configure({ 'nameid.encryption': true });
    const connection = await connect();
    expect((await connection.signIn(ada(connection))).status).toBe(403);
    expect(await connection.refusals()).toEqual(['id_encrypted']);
  });

  it('an assertion that is encrypted for the old or the next key of the application is read', async () => {
    await provider.configure({ 'assertion.encryption': true });
    const connection = await connect({ wantAssertionEncrypted: true });
    await connection.addKey();
    expect((await connection.signIn(ada(connection))).status).toBe(200);
    await connection.rotateKey();
    expect((await connection.signIn(ada(connection))).status).toBe(200);
  });
});

describe('a new certificate of SimpleSAMLphp', () => {
  let old: SigningKey;
  let next: SigningKey;
  beforeAll(async () => {
    [old, next] = await Promise.all([newSigningKey(), newSigningKey()]);
  });

  it('is accepted without a gap when the metadata shows it before it signs', async () => {
    await provider.useKey(old, next);
    const connection = await connect();
    expect((await connection.signIn(ada(connection))).status).toBe(200);
    await provider.useKey(next);
    expect((await connection.signIn(ada(connection))).status).toBe(200);
    await connection.update({ metadataUrl: provider.entityId });
    expect((await connection.signIn(ada(connection))).status).toBe(200);
    await provider.useKey(old);
    await provider.useKey(next);
  });

  it('is read from the metadata URL at the first answer that it signs', async () => {
    await provider.useKey(old);
    const connection = await connect();
    expect((await connection.signIn(ada(connection))).status).toBe(200);
    harness.advance(61);
    await provider.useKey(next);
    expect((await connection.signIn(ada(connection))).status).toBe(200);
    expect(await connection.refusals()).toEqual([]);
  });
});

describe('single logout with SimpleSAMLphp', () => {
  it('that a user starts here ends both sessions and ends on a page', async () => {
    const connection = await connect();
    const user = ada(connection);
    await connection.signIn(user);
    const result = await user.visit(connection.url('logout'));
    expect([new URL(result.url).origin, result.status, await isSignedIn(user)]).toEqual([PUBLIC, 200, false]);
    expect(await connection.refusals('sso.logout_rejected')).toEqual([]);
  });

  it('that a user starts at the provider ends the session here, and the provider gets an answer', async () => {
    const connection = await connect();
    const user = ada(connection);
    await connection.signIn(user);
    const result = await user.visit(provider.logoutUrl);
    expect([new URL(result.url).origin, result.status, await isSignedIn(user)]).toEqual([provider.url, 200, false]);
    expect(result.url).toBe(`${provider.url}/logout.php`);
    expect(await connection.refusals('sso.logout_rejected')).toEqual([]);
  });

  it('in frames ends the session of a browser that sends no cookie', async () => {
    await provider.configure({ logouttype: 'iframe' });
    const connection = await connect();
    const user = ada(connection);
    await connection.signIn(user);
    const start = await user.visit(provider.logoutUrl, (form) => form.fields['type'] !== undefined);
    const page = await user.at(provider.url).get(start.url.replace(/(&type=\w+)?$/, '&type=js'));
    const [frame] = framesOf(page.text);
    expect(frame).toContain('SAMLRequest=');
    const answer = await harness.client().get(frame!.replace(PUBLIC, ''));
    expect([answer.status, await isSignedIn(user)]).toEqual([303, false]);
    const done = await user.visit(answer.headers.get('location')!);
    expect(done.text).toContain('logoutCompleted');
  });
});
