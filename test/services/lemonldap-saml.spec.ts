import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Browser } from '../harness/browser.js';
import { LemonLdap, type LemonSettings } from '../harness/lemonldap.js';
import {
  framesOf,
  isSignedIn,
  ProviderConnection,
  PUBLIC,
  shapeOf,
  type ConnectionInput,
} from '../harness/provider-connection.js';
import { newSigningKey } from '../harness/saml-idp.js';

let harness: Harness;
let provider: LemonLdap;
beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), LemonLdap.start()]);
  await provider.trust([]);
});
afterAll(() => Promise.all([harness?.stop(), provider?.stop()]));

/** Connects by the URL of the provider's metadata. The provider has ours as a file, because it reads no URL. */
async function connect(settings: LemonSettings = {}, input: ConnectionInput = {}): Promise<ProviderConnection> {
  const connection = await ProviderConnection.create(harness, { metadataUrl: provider.entityId, ...input });
  await trust(connection, settings);
  return connection;
}

async function trust(connection: ProviderConnection, settings: LemonSettings = {}): Promise<void> {
  const metadata = (await harness.client().get(connection.address('metadata'))).text;
  await provider.trust([{ metadata, settings }]);
}

const dwho = (connection: ProviderConnection): Browser => connection.browser(LemonLdap.credentials('dwho'));

describe('LemonLDAP::NG as a SAML identity provider', () => {
  it('is version 2.16', () => {
    expect(provider.version).toMatch(/^2\.16\./);
  });

  it('signs a user in', async () => {
    const connection = await connect();
    const result = await connection.signIn(dwho(connection));
    expect([result.status, result.body.user]).toEqual([
      200,
      expect.objectContaining({ email: 'dwho@badwolf.org', name: 'Doctor Who' }),
    ]);
  });

  it.each([
    ['a signed assertion', { SignSSOMessage: 0 }, 'assertion', 'rsa-sha256', undefined],
    ['both signed', { SignSSOMessage: 1 }, 'response and assertion', 'rsa-sha256', undefined],
    ['RSA-SHA384', { SignatureMethod: 'RSA_SHA384' }, 'response and assertion', 'rsa-sha384', undefined],
    ['RSA-SHA512', { SignatureMethod: 'RSA_SHA512' }, 'response and assertion', 'rsa-sha512', undefined],
    ['an encrypted assertion', { EncryptionMode: 'assertion' }, 'response', 'rsa-sha256', 'aes128-cbc'],
  ])('signs a user in with %s', async (_what, settings, signed, method, encryption) => {
    const connection = await connect(settings);
    const user = dwho(connection);
    const form = await connection.untilResponse(user);
    expect(shapeOf(form)).toEqual({ signed, method, encryption });
    await user.send(new URL(form.action), form, provider.url);
    expect([await isSignedIn(user), await connection.refusals()]).toEqual([true, []]);
  });

  it('accepts our signed requests when it checks their signatures', async () => {
    const settings = { CheckSSOMessageSignature: 1 };
    const connection = await connect(settings, { signRequests: true });
    expect((await connection.signIn(dwho(connection))).status).toBe(200);
    await connection.addKey();
    await connection.rotateKey();
    await expect(connection.untilResponse(dwho(connection))).rejects.toThrow('the provider sent no response');
    await trust(connection, settings);
    expect((await connection.signIn(dwho(connection))).status).toBe(200);
  });

  it('replaces its only key, and the next answer makes us read its metadata again', async () => {
    const connection = await connect();
    expect((await connection.signIn(dwho(connection))).status).toBe(200);
    provider.useKey(await newSigningKey());
    await trust(connection);
    harness.advance(61);
    expect((await connection.signIn(dwho(connection))).status).toBe(200);
  });
});

describe('single logout with LemonLDAP::NG', () => {
  const SIGNED = { SignSLOMessage: 1, CheckSLOMessageSignature: 1 };

  it('that a user starts here ends both sessions and ends on our page', async () => {
    const connection = await connect(SIGNED);
    const user = dwho(connection);
    await connection.signIn(user);
    const result = await user.visit(connection.url('logout'));
    expect([new URL(result.url).origin, result.status, await isSignedIn(user)]).toEqual([PUBLIC, 200, false]);
    expect(await connection.refusals('sso.logout_rejected')).toEqual([]);
    expect((await user.at(provider.url).get('/')).text).toContain('name="password"');
  });

  it('that a user starts at the provider ends the session of a frame without cookies', async () => {
    const connection = await connect(SIGNED);
    const user = dwho(connection);
    await connection.signIn(user);
    const page = await user.visit(provider.logoutUrl, () => true);
    const [frame] = framesOf(page.text);
    const answer = await harness.client().get(frame!.replace(PUBLIC, ''));
    expect([answer.status, await isSignedIn(user)]).toEqual([303, false]);
    const back = new URL(answer.headers.get('location')!);
    const confirmed = await user.at(provider.url).get(back.pathname + back.search);
    expect([back.pathname, confirmed.headers.get('location')]).toEqual([
      '/saml/singleLogoutReturn',
      expect.stringContaining('icons/ok.png'),
    ]);
  });
});
