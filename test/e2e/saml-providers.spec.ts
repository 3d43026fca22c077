import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SamlSetupService } from '../../src/modules/auth/saml/saml-setup.service.js';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { Harness } from '../harness/app.js';
import { Browser } from '../harness/browser.js';
import type { RealProvider } from '../harness/real-idp.js';
import { newSigningKey } from '../harness/saml-idp.js';
import { SamlifyProvider } from '../harness/samlify-idp.js';
import { SamlpProvider } from '../harness/samlp-idp.js';

const PUBLIC = 'http://127.0.0.1:3000';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
});
afterAll(() => harness.stop());

interface ConnectedProvider {
  provider: RealProvider;
  org: string;
  id: string;
}

const browser = () => new Browser({ [PUBLIC]: harness.url });
const setup = () => harness.operator.app.get(SsoSetupService);
const samlSetup = () => harness.operator.app.get(SamlSetupService);
const within = <T>(org: string, fn: () => Promise<T>) => harness.operator.within(org, fn);

async function connect(provider: RealProvider, settings: object = {}): Promise<ConnectedProvider> {
  const org = await harness.make.organization('gme');
  const { id } = await within(org, () =>
    setup().create({ name: 'Test', metadata: provider.metadata(), defaultRole: 'mentor', ...settings }),
  );
  const connected = { provider, org, id };
  await exchange(connected);
  return connected;
}

/** Gives the provider the current metadata of the connection. */
async function exchange({ provider, id }: ConnectedProvider): Promise<void> {
  provider.trust((await harness.client().get(`/v1/sso/saml/${id}/metadata`)).text);
}

const signIn = (user: Browser, { id }: ConnectedProvider, query = '') =>
  user.visit(`${PUBLIC}/v1/sso/saml/${id}/login?returnTo=/v1/auth/me${query}`);
const me = async (user: Browser) => (await user.at(PUBLIC).get('/v1/auth/me')).status;

async function refusals({ org }: ConnectedProvider, type = 'auth.sign_in_failed'): Promise<string[]> {
  const rows = await harness.database.superuser<{ reason: string }>(
    `SELECT meta ->> 'reason' AS reason FROM audit_events WHERE type = $2 AND org_id = $1 ORDER BY occurred_at, id`,
    [org, type],
  );
  return rows.map(({ reason }) => reason);
}

describe.each([
  ['samlp', SamlpProvider],
  ['samlify', SamlifyProvider],
] as const)('with the identity provider of %s', (name, Provider) => {
  let provider: RealProvider;
  beforeAll(async () => {
    provider = await new Provider().start();
  });
  afterAll(() => provider.stop());
  beforeEach(() => {
    provider.behaviour = { signResponse: false, encrypt: false, wantSigned: false };
  });

  it('a user signs in with a signed assertion', async () => {
    const user = browser();
    const result = await signIn(user, await connect(provider));
    expect([result.status, result.body.user]).toEqual([200, expect.objectContaining({ email: `ada@${name}.example` })]);
  });

  it('a user signs in with a signed response when the connection requires it', async () => {
    const connected = await connect(provider, { wantResponseSigned: true });
    const rejected = await signIn(browser(), connected);
    expect([rejected.status, await refusals(connected)]).toEqual([403, ['response_unsigned']]);
    provider.behaviour.signResponse = true;
    expect((await signIn(browser(), connected)).status).toBe(200);
  });

  it('the application signs its request when the provider requires it', async () => {
    provider.behaviour.wantSigned = true;
    const connected = await connect(provider);
    expect((await signIn(browser(), connected)).status).toBe(400);
    await within(connected.org, () => setup().update(connected.id, { signRequests: true }));
    expect((await signIn(browser(), connected)).status).toBe(200);
  });

  it("the application's next key signs only after the rotation, when the provider must know it", async () => {
    provider.behaviour.wantSigned = true;
    const connected = await connect(provider, { signRequests: true });
    const [old] = (await within(connected.org, () => samlSetup().addKey(connected.id))).spCertificates;
    expect((await signIn(browser(), connected)).status).toBe(200);
    await exchange(connected);
    const { spCertificates } = await within(connected.org, () => samlSetup().rotateKey(connected.id));
    expect([spCertificates.length, spCertificates.includes(old!)]).toEqual([1, false]);
    expect((await signIn(browser(), connected)).status).toBe(400);
    await exchange(connected);
    expect((await signIn(browser(), connected)).status).toBe(200);
  });

  it('a user signs in with an encrypted assertion, and only so when the connection requires it', async () => {
    const connected = await connect(provider, { wantAssertionEncrypted: true });
    const rejected = await signIn(browser(), connected);
    expect([rejected.status, await refusals(connected)]).toEqual([403, ['assertion_not_encrypted']]);
    provider.behaviour.encrypt = true;
    const result = await signIn(browser(), connected);
    expect([result.status, result.body.user?.email]).toEqual([200, `ada@${name}.example`]);
  });

  it('an assertion is decrypted with the old or the next key while both are published', async () => {
    provider.behaviour.encrypt = true;
    const connected = await connect(provider, { wantAssertionEncrypted: true });
    await within(connected.org, () => samlSetup().addKey(connected.id));
    expect((await signIn(browser(), connected)).status).toBe(200);
    await exchange(connected);
    expect((await signIn(browser(), connected)).status).toBe(200);
    await within(connected.org, () => samlSetup().rotateKey(connected.id));
    expect((await signIn(browser(), connected)).status).toBe(200);
  });

  it('its certificate is replaced without a gap, and the old one is then rejected', async () => {
    const [old, next] = [provider.key, await newSigningKey()];
    const connected = await connect(provider);
    const reread = () => within(connected.org, () => setup().update(connected.id, { metadata: provider.metadata() }));
    await provider.useKey(old, [old.certificate, next.certificate]);
    await reread();
    expect((await signIn(browser(), connected)).status).toBe(200);
    await provider.useKey(next, [old.certificate, next.certificate]);
    expect((await signIn(browser(), connected)).status).toBe(200);
    await provider.useKey(next);
    await reread();
    expect((await signIn(browser(), connected)).status).toBe(200);
    await provider.useKey(old, [next.certificate]);
    const rejected = await signIn(browser(), connected);
    expect([rejected.status, await refusals(connected)]).toEqual([403, ['signature_invalid']]);
    await provider.useKey(next);
  });

  it('a logout here also logs out at the provider and returns', async () => {
    const connected = await connect(provider);
    const user = browser();
    await signIn(user, connected);
    const result = await user.visit(`${PUBLIC}/v1/sso/saml/${connected.id}/logout`);
    expect([result.url, await me(user)]).toEqual([
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:3000\/signed-out\?state=[\w-]{43}$/),
      401,
    ]);
    expect(result.text).toContain('You are signed out here and at ');
    expect(user.history.filter((entry) => entry.includes('/logout')).length).toBe(3);
    expect(await refusals(connected, 'sso.logout_rejected')).toEqual([]);
  });

  it('a logout at the provider ends the session here, and the provider receives confirmation', async () => {
    const connected = await connect(provider);
    const user = browser();
    await signIn(user, connected);
    expect(await me(user)).toBe(200);
    const result = await user.visit(provider.logoutFromThere());
    expect([result.status, new URL(result.url).origin, await me(user)]).toEqual([200, provider.url, 401]);
    expect(await refusals(connected, 'sso.logout_rejected')).toEqual([]);
    const [event] = await harness.database.superuser(
      `SELECT meta FROM audit_events WHERE type = 'sso.sessions_ended' AND org_id = $1`,
      [connected.org],
    );
    expect(event).toEqual({ meta: { connectionId: connected.id, ended: 1 } });
  });
});

describe('a forced reauthentication', () => {
  let provider: SamlifyProvider;
  beforeAll(async () => {
    provider = await new SamlifyProvider().start();
  });
  afterAll(() => provider.stop());
  beforeEach(() => {
    provider.authenticated = -4 * 3600;
    provider.deaf = false;
  });

  it('succeeds when the provider authenticates the user again', async () => {
    const user = browser();
    expect((await signIn(user, await connect(provider), '&forceAuthn=true')).status).toBe(200);
    expect(provider.authenticated).toBe(0);
  });

  it('is rejected when the provider reuses an old authentication', async () => {
    provider.deaf = true;
    const connected = await connect(provider);
    expect((await signIn(browser(), connected, '&forceAuthn=true')).status).toBe(403);
    expect((await signIn(browser(), await connect(provider, { forceAuthn: true }))).status).toBe(403);
    await exchange(connected);
    expect((await signIn(browser(), connected)).status).toBe(200);
    expect(await refusals(connected)).toEqual(['authentication_stale']);
  });

  it('satisfies a step-up, which an old authentication at the provider does not', async () => {
    const connected = await connect(provider, { defaultRole: 'program_director' });
    const user = browser();
    const change = async () =>
      (await user.at(PUBLIC).patch(`/v1/sso/connections/${connected.id}`, { name: 'Renamed' })).body.code;
    await signIn(user, connected);
    expect(await change()).toBe('step_up_required');
    await signIn(user, connected, '&forceAuthn=true');
    expect(await change()).toBeUndefined();
  });
});
