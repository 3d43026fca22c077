import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Browser } from '../harness/browser.js';
import { LemonLdap, type LemonSettings } from '../harness/lemonldap.js';
import { isSignedIn, ProviderConnection, PUBLIC, type ConnectionInput } from '../harness/provider-connection.js';

let harness: Harness;
let provider: LemonLdap;
beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), LemonLdap.start()]);
  await provider.serve();
});
afterAll(() => Promise.all([harness?.stop(), provider?.stop()]));

const SECRET = 'synthetic-secret-of-a-client';

async function connect(settings: LemonSettings = {}, more: ConnectionInput = {}): Promise<ProviderConnection> {
  const connection = await ProviderConnection.create(harness, {
    protocol: 'oidc',
    issuer: provider.issuer,
    clientId: 'vouchsafe',
    clientSecret: SECRET,
    ...more,
  });
  await provider.serve({
    id: 'vouchsafe',
    secret: SECRET,
    settings: { RedirectUris: connection.url('callback'), PostLogoutRedirectUris: `${PUBLIC}/`, ...settings },
  });
  return connection;
}

const dwho = (connection: ProviderConnection): Browser => connection.browser(LemonLdap.credentials('dwho'));

describe('the OpenID provider of LemonLDAP::NG', () => {
  it('signs a user in with its default settings, which state nothing about the address', async () => {
    process.stderr.write(await (await fetch(`${provider.url}/.well-known/openid-configuration`)).text());
    const connection = await connect();
    const user = dwho(connection);
    const result = await connection.signIn(user);
    process.stderr.write(
      JSON.stringify([result.url, result.status, result.text.slice(0, 1500), user.history], null, 1),
    );
    process.stderr.write((await provider.log()).slice(-3000));
    expect(await connection.refusals()).toEqual([]);
    expect([result.status, result.body.user.email]).toEqual([200, 'dwho@badwolf.org']);
  });

  it('logs out', async () => {
    const connection = await connect({ LogoutType: 'front', LogoutSessionRequired: 1, LogoutUrl: `${PUBLIC}/front` });
    const user = dwho(connection);
    await connection.signIn(user);
    const r = await user.visit(connection.url('logout'));
    process.stderr.write(JSON.stringify([r.url, r.status, r.text.slice(0, 3500), user.history], null, 1));
    const other = dwho(connection);
    await connection.signIn(other);
    const p = await other.visit(provider.logoutUrl);
    process.stderr.write(JSON.stringify([p.url, p.status, p.text, other.history], null, 1));
    expect(await isSignedIn(user)).toBe(false);
  });
});
