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

interface Connected {
  provider: RealProvider;
  org: string;
  id: string;
}

const browser = () => new Browser({ [PUBLIC]: harness.url });
const setup = () => harness.operator.app.get(SsoSetupService);
const samlSetup = () => harness.operator.app.get(SamlSetupService);
const within = <T>(org: string, fn: () => Promise<T>) => harness.operator.within(org, fn);

async function connect(provider: RealProvider, settings: object = {}): Promise<Connected> {
  const org = await harness.make.organization('gme');
  const { id } = await within(org, () =>
    setup().create({ name: 'Test', metadata: provider.metadata(), defaultRole: 'mentor', ...settings }),
  );
  const connected = { provider, org, id };
  await exchange(connected);
  return connected;
}

/** Gives the provider our metadata as it is now. */
async function exchange({ provider, id }: Connected): Promise<void> {
  provider.trust((await harness.client().get(`/v1/sso/saml/${id}/metadata`)).text);
}

const begin = (who: Browser, { id }: Connected, query = '') =>
  who.visit(`${PUBLIC}/v1/sso/saml/${id}/login?returnTo=/v1/auth/me${query}`);
const me = async (who: Browser) => (await who.at(PUBLIC).get('/v1/auth/me')).status;

async function refusals({ org }: Connected, type = 'auth.sign_in_failed'): Promise<string[]> {
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

  it('somebody signs in by a signed assertion', async () => {
    const who = browser();
    const landed = await begin(who, await connect(provider));
    expect([landed.status, landed.body.user]).toEqual([200, expect.objectContaining({ email: `ada@${name}.example` })]);
  });

  it('somebody signs in by a signed response around it, where that is wanted', async () => {
    const connected = await connect(provider, { wantResponseSigned: true });
    const refused = await begin(browser(), connected);
    expect([refused.status, await refusals(connected)]).toEqual([403, ['response_unsigned']]);
    provider.behaviour.signResponse = true;
    expect((await begin(browser(), connected)).status).toBe(200);
  });

  it('our request is signed, where the provider refuses one that is not', async () => {
    provider.behaviour.wantSigned = true;
    const connected = await connect(provider);
    expect((await begin(browser(), connected)).status).toBe(400);
    await within(connected.org, () => setup().update(connected.id, { signRequests: true }));
    expect((await begin(browser(), connected)).status).toBe(200);
  });

  it('our next key signs once the provider has read of it, and not before', async () => {
    provider.behaviour.wantSigned = true;
    const connected = await connect(provider, { signRequests: true });
    const [old] = (await within(connected.org, () => samlSetup().addKey(connected.id))).spCertificates;
    expect((await begin(browser(), connected)).status).toBe(200);
    await exchange(connected);
    const { spCertificates } = await within(connected.org, () => samlSetup().rotateKey(connected.id));
    expect([spCertificates.length, spCertificates.includes(old!)]).toEqual([1, false]);
    expect((await begin(browser(), connected)).status).toBe(400);
    await exchange(connected);
    expect((await begin(browser(), connected)).status).toBe(200);
  });

  it('somebody signs in by an encrypted assertion, and where that is wanted by no other', async () => {
    const connected = await connect(provider, { wantAssertionEncrypted: true });
    const refused = await begin(browser(), connected);
    expect([refused.status, await refusals(connected)]).toEqual([403, ['assertion_not_encrypted']]);
    provider.behaviour.encrypt = true;
    const landed = await begin(browser(), connected);
    expect([landed.status, landed.body.user?.email]).toEqual([200, `ada@${name}.example`]);
  });

  it('an assertion encrypted for our old key and for our next one is read while both are shown', async () => {
    provider.behaviour.encrypt = true;
    const connected = await connect(provider, { wantAssertionEncrypted: true });
    await within(connected.org, () => samlSetup().addKey(connected.id));
    expect((await begin(browser(), connected)).status).toBe(200);
    await exchange(connected);
    expect((await begin(browser(), connected)).status).toBe(200);
    await within(connected.org, () => samlSetup().rotateKey(connected.id));
    expect((await begin(browser(), connected)).status).toBe(200);
  });

  it('its certificate is replaced without a gap, and the old one then counts no more', async () => {
    const [old, next] = [provider.key, await newSigningKey()];
    const connected = await connect(provider);
    const reread = () => within(connected.org, () => setup().update(connected.id, { metadata: provider.metadata() }));
    await provider.useKey(old, [old.certificate, next.certificate]);
    await reread();
    expect((await begin(browser(), connected)).status).toBe(200);
    await provider.useKey(next, [old.certificate, next.certificate]);
    expect((await begin(browser(), connected)).status).toBe(200);
    await provider.useKey(next);
    await reread();
    expect((await begin(browser(), connected)).status).toBe(200);
    await provider.useKey(old, [next.certificate]);
    const refused = await begin(browser(), connected);
    expect([refused.status, await refusals(connected)]).toEqual([403, ['signature_invalid']]);
    await provider.useKey(next);
  });

  it('signing out here signs out there, and comes back', async () => {
    const connected = await connect(provider);
    const who = browser();
    await begin(who, connected);
    const landed = await who.visit(`${PUBLIC}/v1/sso/saml/${connected.id}/logout`);
    expect([landed.url, await me(who)]).toEqual([`${PUBLIC}/`, 401]);
    expect(who.history.filter((entry) => entry.includes('/logout')).length).toBe(3);
    expect(await refusals(connected, 'sso.logout_rejected')).toEqual([]);
  });

  it('signing out there ends the session here, and it hears so', async () => {
    const connected = await connect(provider);
    const who = browser();
    await begin(who, connected);
    expect(await me(who)).toBe(200);
    const landed = await who.visit(provider.logoutFromThere());
    expect([landed.status, new URL(landed.url).origin, await me(who)]).toEqual([200, provider.url, 401]);
    expect(await refusals(connected, 'sso.logout_rejected')).toEqual([]);
    const [event] = await harness.database.superuser(
      `SELECT meta FROM audit_events WHERE type = 'sso.sessions_ended' AND org_id = $1`,
      [connected.org],
    );
    expect(event).toEqual({ meta: { connectionId: connected.id, ended: 1 } });
  });
});

describe('a sign-in that must be fresh', () => {
  let provider: SamlifyProvider;
  beforeAll(async () => {
    provider = await new SamlifyProvider().start();
  });
  afterAll(() => provider.stop());
  beforeEach(() => {
    provider.authenticated = -4 * 3600;
    provider.deaf = false;
  });

  it('is one that the provider made just now, where it is asked to', async () => {
    const who = browser();
    expect((await begin(who, await connect(provider), '&forceAuthn=true')).status).toBe(200);
    expect(provider.authenticated).toBe(0);
  });

  it('is refused where the provider has only remembered an old one', async () => {
    provider.deaf = true;
    const connected = await connect(provider);
    expect((await begin(browser(), connected, '&forceAuthn=true')).status).toBe(403);
    expect((await begin(browser(), await connect(provider, { forceAuthn: true }))).status).toBe(403);
    await exchange(connected);
    expect((await begin(browser(), connected)).status).toBe(200);
    expect(await refusals(connected)).toEqual(['authentication_stale']);
  });

  it('is what a step-up takes: an old sign-in over there is no fresher here', async () => {
    const connected = await connect(provider, { defaultRole: 'program_director' });
    const who = browser();
    const change = async () =>
      (await who.at(PUBLIC).patch(`/v1/sso/connections/${connected.id}`, { name: 'Renamed' })).body.code;
    await begin(who, connected);
    expect(await change()).toBe('step_up_required');
    await begin(who, connected, '&forceAuthn=true');
    expect(await change()).toBeUndefined();
  });
});
