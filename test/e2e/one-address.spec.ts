import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { SsoSetupService } from '../../src/modules/auth/sso/index.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { Factories } from '../harness/factories.js';
import { enrollTotp } from '../harness/factors.js';
import { IdentityProvider } from '../harness/identity-provider.js';
import { redirect } from '../harness/pages.js';

/** A hospital whose users and whose attacker share one IP. */
const HOSPITAL = '192.0.2.1';
const FAILURES = 300;
const FORM = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' };

let harness: Harness;
let provider: IdentityProvider;
let redis: Redis;
let org: string;
let connection: string;
/** Browsers in which a member signed in before, with the address of the member. */
const known: [client: Client, email: string][] = [];

beforeAll(async () => {
  [harness, provider] = await Promise.all([
    Harness.start({ takeJobs: false, env: { TRUST_PROXY: 'loopback' } }),
    IdentityProvider.start(),
  ]);
  redis = new Redis(harness.env.REDIS_URL!);
  org = await harness.make.organization('gme');
  const metadata = await provider.metadata();
  ({ id: connection } = await harness.operator.within(org, () =>
    harness.operator.app.get(SsoSetupService).create({ name: 'Synthetic', metadata, defaultRole: 'mentor' }),
  ));
  for (let n = 0; n < 5; n += 1) {
    const { email } = await harness.make.member(org, 'mentor');
    known.push([(await harness.signIn(email)).sameBrowser, email]);
  }
});
afterAll(async () => {
  redis.disconnect();
  await Promise.all([harness.stop(), provider.stop()]);
});

const at = (ip: string) => ({ 'x-forwarded-for': ip });
const get = (client: Client, path: string, ip = HOSPITAL) =>
  client.get(path, { headers: { ...at(ip), accept: 'text/html' } });
const post = (client: Client, path: string, fields: Record<string, string>, ip = HOSPITAL) =>
  client.send('POST', path, {
    raw: new URLSearchParams(fields).toString(),
    headers: { ...FORM, ...at(ip), origin: harness.url },
  });
const acs = () => `/v1/sso/saml/${connection}/acs`;

async function signInBySso(client: Client, email = 'mentor@gme.example', ip = HOSPITAL): Promise<Answer> {
  await get(client, '/sign-in', ip);
  const { headers } = await get(client, `/v1/sso/saml/${connection}/login`, ip);
  const { fields } = await provider.answer(headers.get('location')!, email);
  return post(client, acs(), fields, ip);
}

const forge = () => post(harness.client(), acs(), { SAMLResponse: 'AAAA' });
const guess = (email: string) => post(harness.client(), '/sign-in/password', { email, password: 'Wrong-Password-1' });

async function signInByPassword(client: Client, email: string, ip = HOSPITAL): Promise<Answer> {
  await get(client, '/sign-in', ip);
  return post(client, '/sign-in/password', { email, password: Factories.PASSWORD }, ip);
}

/** Sends a request `times` times, ten at once, and returns how often each status was the answer. */
async function flood(times: number, send: (n: number) => Promise<Answer>): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let from = 0; from < times; from += 10) {
    const answers = await Promise.all(Array.from({ length: 10 }, (_one, i) => send(from + i)));
    for (const { status } of answers) seen[status] = (seen[status] ?? 0) + 1;
  }
  return seen;
}

/** Returns the names of the limits that count uses. */
const counting = async () =>
  [...new Set((await redis.keys('limit:*')).map((key) => key.split(':')[1]!))].filter(
    (name) => !['sign-in-page', 'sign-in-page-known', 'sign-in-page-user', 'sso-start'].includes(name),
  );

describe('users behind one IP', () => {
  it('leave no trace in the limits of failures when they sign in', async () => {
    await redis.flushdb();
    for (const [client, email] of known) expect((await signInByPassword(client, email)).status).toBe(303);
    const [, email] = known[0]!;
    expect((await signInByPassword(harness.client(), email)).status).toBe(303);
    expect((await signInBySso(harness.client())).status).toBe(303);
    expect(await counting()).toEqual([]);
  });

  it('leave no trace when the provider authenticated a user without a role', async () => {
    await redis.flushdb();
    await harness.database.superuser('UPDATE sso_connections SET default_role = NULL WHERE id = $1', [connection]);
    expect((await signInBySso(harness.client(), 'trainee@gme.example')).status).toBe(403);
    await harness.database.superuser(`UPDATE sso_connections SET default_role = 'mentor' WHERE id = $1`, [connection]);
    expect(await counting()).toEqual([]);
  });

  it('sign in while an attacker in the same address floods forged answers and wrong passwords', async () => {
    await redis.flushdb();
    const forged = await flood(FAILURES + 50, forge);
    const guessed = await flood(FAILURES + 50, (n) => guess(`unknown${n}@test.example`));
    expect([forged, guessed]).toEqual([
      { 403: FAILURES, 429: 50 },
      { 401: FAILURES, 429: 50 },
    ]);
    for (let n = 0; n < 40; n += 1) expect(redirect(await signInBySso(harness.client()))).toEqual([303, '/']);
    for (const [client, email] of known)
      expect(redirect(await signInByPassword(client, email))).toEqual([303, '/account']);
    expect([(await forge()).status, (await guess('unknown@test.example')).status]).toEqual([429, 429]);
    expect((await signInByPassword(harness.client(), known[0]![1], '192.0.2.2')).status).toBe(303);
  });

  it('sign in with a code while an attacker floods codes', async () => {
    const { email } = await harness.make.member(org, 'mentor');
    const { app } = await enrollTotp(await harness.signIn(email));
    await app.forgetStep(harness);
    await redis.flushdb();
    expect(await flood(FAILURES + 10, () => post(harness.client(), '/sign-in/mfa', { totp: '000000' }))).toEqual({
      303: FAILURES,
      429: 10,
    });
    const client = harness.client();
    expect((await signInByPassword(client, email)).headers.get('location')).toMatch(/^\/sign-in\/mfa/);
    expect((await post(client, '/sign-in/mfa', { totp: app.fresh() })).status).toBe(303);
    expect((await client.get('/v1/auth/me')).status).toBe(200);
  });
});

describe('an attacker behind one IP', () => {
  it('gets one verification for each sign-in that was started, and fills no log', async () => {
    await redis.flushdb();
    await flood(FAILURES, forge);
    const client = harness.client();
    await get(client, `/v1/sso/saml/${connection}/login`);
    const answers = [
      await post(client, acs(), { SAMLResponse: 'AAAA' }),
      await post(client, acs(), { SAMLResponse: 'AAAA' }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 429]);
    const [row] = await harness.database.superuser<{ count: string }>(
      `SELECT count(*) FROM audit_events WHERE type = 'auth.sign_in_failed' AND request_id = $1`,
      [answers[0]!.headers.get('x-request-id')],
    );
    expect(row!.count).toBe('0');
  });

  it('gets no more than the admitted answers of one limit, however many sign-ins it starts', async () => {
    await redis.flushdb();
    const started = async () => {
      const client = harness.client();
      await get(client, `/v1/sso/saml/${connection}/login`);
      return post(client, acs(), { SAMLResponse: 'AAAA' });
    };
    expect(await flood(FAILURES, forge)).toEqual({ 403: FAILURES });
    expect(await flood(FAILURES + 10, started)).toEqual({ 403: FAILURES, 429: 10 });
    expect(redirect(await signInBySso(known[0]![0]))).toEqual([303, '/']);
  });

  it('who knows a password is counted for each wrong code that is sent with it', async () => {
    const { email } = await harness.make.member(org, 'mentor');
    const { app } = await enrollTotp(await harness.signIn(email));
    await app.forgetStep(harness);
    await redis.flushdb();
    const login = (totp: string) =>
      harness.client().send('POST', '/v1/auth/login', {
        raw: JSON.stringify({ email, password: Factories.PASSWORD, totp }),
        headers: { 'content-type': 'application/json', ...at(HOSPITAL) },
      });
    for (let n = 0; n < 3; n += 1) expect((await login('000000')).status).toBe(401);
    const [key] = await redis.keys('limit:sign-in-address:*');
    expect(await redis.llen(key!)).toBe(3);
    expect((await login(app.fresh())).status).toBe(200);
    expect(await redis.llen(key!)).toBe(3);
  });

  it('cannot use up the budget of the known browsers with many browsers of one account', async () => {
    const [[honest, honestEmail], [, insider]] = [known[0]!, known[1]!];
    await redis.flushdb();
    const browsers: Client[] = [];
    for (let n = 0; n < 16; n += 1) {
      const browser = harness.client();
      expect((await signInByPassword(browser, insider)).status).toBe(303);
      browsers.push(browser.sameBrowser);
    }
    const wrong = (n: number) => ({ email: `unknown${n}@test.example`, password: 'Wrong-Password-1' });
    const seen = await flood(FAILURES + 100, (n) => post(browsers[n % 16]!, '/sign-in/password', wrong(n)));
    expect(seen).toEqual({ 401: FAILURES + 20, 429: 80 });
    expect((await signInByPassword(honest, honestEmail)).status).toBe(303);
  });

  it('cannot make a browser known: a device cookie without the MAC of the server counts as unknown', async () => {
    await redis.flushdb();
    await flood(FAILURES, () => post(harness.client(), '/sign-in/password', {}));
    const seconds = Math.floor(Date.now() / 1_000);
    for (const mac of ['', `.${'A'.repeat(22)}`, `.${'A'.repeat(11)}.${seconds}.${'A'.repeat(22)}`]) {
      const cookie = `vouchsafe_test_device=${'B'.repeat(43)}${mac}`;
      const answer = await harness.client().send('POST', '/sign-in/password', {
        raw: '',
        headers: { ...FORM, ...at(HOSPITAL), origin: harness.url, cookie },
      });
      expect(answer.status).toBe(429);
    }
  });
});
