import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { Factories, type Member } from '../harness/factories.js';
import { mailsTo } from '../harness/mail.js';
import { writePlaces } from '../harness/geoip.js';

const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0';
const CHROME = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36';
const [GERMANY, BRAZIL, FRANCE, TOKYO, NOWHERE] = [
  '203.0.113.1',
  '203.0.113.17',
  '203.0.113.33',
  '203.0.113.49',
  '198.51.100.1',
] as const;

let harness: Harness;
let directory: string;
let orgId: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'vouchsafe-sign-in-alerts-'));
  const file = await writePlaces(path.join(directory, 'places.mmdb'), {
    '203.0.113.0/28': { country_code: 'DE' },
    '203.0.113.16/28': { country_code: 'BR' },
    '203.0.113.32/28': { country_code: 'FR' },
    '203.0.113.48/28': {
      country: { iso_code: 'JP' },
      location: { latitude: 35.5, longitude: 139.5, accuracy_radius: 20 },
    },
  });
  harness = await Harness.start({ env: { GEOIP_FILE: file, TRUST_PROXY: 'loopback' } });
  orgId = await harness.make.organization('gme');
});
afterAll(async () => {
  await harness.stop();
  await rm(directory, { recursive: true });
});

const member = (role = 'mentor') => harness.make.member(orgId, role);

/** Signs in from an IP address with a user agent. */
async function signIn(
  client: Client,
  { email }: Member,
  ip: string = NOWHERE,
  userAgent = FIREFOX,
  password = Factories.PASSWORD,
) {
  return client.post(
    '/v1/auth/login',
    { email, password },
    { headers: { 'x-forwarded-for': ip, 'user-agent': userAgent } },
  );
}

/** Returns the sign-in alerts about a member in the audit log, oldest first, after all jobs are done. */
async function alertsFor({ userId }: Member): Promise<{ type: string; meta: Record<string, unknown> }[]> {
  await harness.settled();
  return harness.database.superuser(
    `SELECT type, meta - 'sessionId' AS meta FROM audit_events WHERE target_id = $1
       AND type = ANY ('{auth.new_device,auth.new_location,auth.impossible_travel,auth.brute_force_suspected}')
         ORDER BY id`,
    [userId],
  );
}
const ageSessions = ({ userId }: Member, hours: number) =>
  harness.database.superuser(
    'UPDATE sessions SET created_at = created_at - make_interval(hours => $2) WHERE user_id = $1',
    [userId, hours],
  );

describe('a device', () => {
  it('of the first sign-in raises no alert, and neither does a known one after a sign-out or an update', async () => {
    const [user, client] = [await member(), harness.client()];
    await signIn(client, user);
    await client.post('/v1/auth/logout');
    await signIn(client, user, NOWHERE, FIREFOX.replaceAll('144', '145'));
    expect([await alertsFor(user), await mailsTo(harness, user.email)]).toEqual([[], []]);
  });

  it('that is new raises one alert: an audit event and a mail without a link', async () => {
    const [user, laptop] = [await member(), harness.client()];
    await signIn(harness.client(), user);
    await signIn(laptop, user, GERMANY, CHROME);
    expect(await alertsFor(user)).toEqual([{ type: 'auth.new_device', meta: { device: 'linux' } }]);
    const [mail, ...more] = await mailsTo(harness, user.email);
    expect([mail!.subject, more]).toEqual([expect.stringMatching(/^New sign-in to Synthetic Organization/), []]);
    expect(mail!.text).toMatch(/Device: Chrome on Linux \(new\)\r?\nLocation: Germany\r?\n/);
    expect(mail!.text).toMatch(/select "End all other sessions"/);
    expect(mail!.text).not.toMatch(/[?#&=]|\/v1|[\w-]{43}/);
    await signIn(laptop, user, GERMANY, CHROME);
    expect(await alertsFor(user)).toHaveLength(1);
  });

  it('counts as new when its cookie comes from another browser type or is forged', async () => {
    const [user, client] = [await member(), harness.client()];
    await signIn(client, user);
    await signIn(client, user, NOWHERE, CHROME);
    const forged = await harness
      .client()
      .post(
        '/v1/auth/login',
        { email: user.email, password: Factories.PASSWORD },
        { headers: { 'user-agent': FIREFOX, cookie: 'vouchsafe_test_device=guess' } },
      );
    expect(forged.headers.getSetCookie()[1]).toMatch(/^vouchsafe_test_device=[\w-]{43}\.[\w-]{11}\.\d{10}\.[\w-]{22};/);
    expect((await alertsFor(user)).map(({ type }) => type)).toEqual(['auth.new_device', 'auth.new_device']);
  });

  it('known to one organization is unknown to another, and the stored digests cannot be compared', async () => {
    const [user, other, client] = [await member(), await harness.make.organization('gme'), harness.client()];
    await harness.make.member(other, 'mentor', { email: user.email });
    await signIn(client, user);
    expect(
      (await client.post('/v1/auth/organization', { orgId: other }, { headers: { 'user-agent': FIREFOX } })).status,
    ).toBe(200);
    const digests = await harness.database.superuser(
      `SELECT k.org_id, k.digest::text FROM known_sign_in_signals k JOIN memberships m ON m.org_id = k.org_id
         AND m.id = k.membership_id WHERE m.user_id = $1 AND k.kind = 'device'`,
      [user.userId],
    );
    expect([digests.length, new Set(digests.map(({ digest }) => digest)).size, await alertsFor(user)]).toEqual([
      2,
      2,
      [],
    ]);
  });
});

describe('a location', () => {
  it('that is new raises an alert, and a known one does not', async () => {
    const [user, client] = [await member(), harness.client()];
    for (const ip of [GERMANY, GERMANY, FRANCE, GERMANY, FRANCE, NOWHERE]) await signIn(client, user, ip);
    expect(await alertsFor(user)).toEqual([{ type: 'auth.new_location', meta: { country: 'fr' } }]);
    expect((await mailsTo(harness, user.email)).map(({ text }) => /Location: .*/.exec(text)![0])).toEqual([
      'Location: France (new)',
    ]);
  });

  it("is listed with the device, for the member's own sessions only", async () => {
    const [user, client] = [await member(), harness.client()];
    await signIn(harness.client(), user, NOWHERE, 'unknown browser');
    await signIn(client, user, BRAZIL);
    await signIn(harness.client(), await member(), FRANCE);
    expect((await client.get('/v1/auth/sessions')).body.items).toMatchObject([
      { device: 'Firefox on Windows', location: 'Brazil', country: 'BR', ip: BRAZIL, current: true, remembered: false },
      { device: null, location: null, country: null, ip: NOWHERE, current: false },
    ]);
  });
});

describe('impossible travel', () => {
  const sensitiveChange = (client: Client) =>
    client.patch('/v1/organizations/current/sign-in', { allowedSignIn: ['password', 'passkey', 'saml', 'oidc'] });

  it('is reported, and the session must sign in again before a sensitive change', async () => {
    const [user, client] = [await member('program_director'), harness.client()];
    await signIn(client, user, GERMANY);
    expect((await sensitiveChange(client)).status).toBe(200);
    await ageSessions(user, 2);
    await signIn(client, user, TOKYO);
    expect((await alertsFor(user)).slice(0)).toEqual([
      { type: 'auth.new_location', meta: { country: 'jp' } },
      { type: 'auth.impossible_travel', meta: { from: 'de', to: 'jp', minutes: 121 } },
    ]);
    const [mail] = await mailsTo(harness, user.email);
    expect(mail!.text).toMatch(/used in Germany, which is too far away to travel in that time\. A VPN can cause this/);
    expect((await client.get('/v1/people')).status).toBe(200);
    expect((await sensitiveChange(client)).body.code).toBe('step_up_required');
    await signIn(client, user, TOKYO);
    expect((await sensitiveChange(client)).status).toBe(200);
  });

  it('carries over to another organization', async () => {
    const [user, other, client] = [await member(), await harness.make.organization('gme'), harness.client()];
    await harness.make.member(other, 'program_director', { email: user.email });
    await signIn(client, user, GERMANY);
    await signIn(client, user, BRAZIL);
    expect(
      (await client.post('/v1/auth/organization', { orgId: other }, { headers: { 'x-forwarded-for': BRAZIL } })).status,
    ).toBe(200);
    expect((await sensitiveChange(client)).body.code).toBe('step_up_required');
  });

  it.each([
    ['for a flight of half a day', GERMANY, 14, TOKYO],
    ['for a neighboring country, which may be across a near border', GERMANY, 0, FRANCE],
    ['for an unknown location', GERMANY, 0, NOWHERE],
    ['for the same location', TOKYO, 0, TOKYO],
  ])('is not reported %s', async (_what, from, hours, to) => {
    const [user, client] = [await member(), harness.client()];
    await signIn(client, user, from);
    await ageSessions(user, hours);
    await signIn(client, user, to);
    expect((await alertsFor(user)).map(({ type }) => type)).not.toContain('auth.impossible_travel');
  });

  it.each<[string, [number, number, number], [number, number, number], number]>([
    ['no distance', [51, 10, 0], [51, 10, 0], 0],
    ['Berlin to New York', [52.5, 13.4, 0], [40.7, -74, 0], 6_385],
    ['across the date line', [0, 179, 0], [0, -179, 0], 222],
    ['from pole to pole', [90, 0, 0], [-90, 0, 0], 20_015],
    ['to the opposite point', [0, 0, 0], [0, 180, 0], 20_015],
    ['less the radius of both locations', [52.5, 13.4, 300], [40.7, -74, 85], 6_000],
    ['within the radius of both locations', [46.6, 2.2, 650], [51.2, 10.4, 450], 0],
  ])('uses the distance %s', async (_what, a, b, expected) => {
    const [row] = await harness.database.superuser<{ km: number }>(
      'SELECT app_private.least_distance_km($1, $2, $3, $4, $5, $6) AS km',
      [...a, ...b],
    );
    expect(Math.abs(row!.km - expected)).toBeLessThan(10);
  });

  it.each<[number | null, number | null, boolean]>([
    [500, 1, false],
    [501, 1, true],
    [901, 3_600, true],
    [900, 3_600, false],
    [9_000, 36_001, false],
    [9_000, 35_999, true],
    [501, 0, true],
    [501, -60, true],
    [0, 0, false],
    [null, 60, false],
    [900, null, false],
  ])('for %s km in %s seconds: %s', async (km, seconds, expected) => {
    expect(
      await harness.database.superuser('SELECT app_private.is_impossible_travel($1, $2) AS impossible', [km, seconds]),
    ).toEqual([{ impossible: expected }]);
  });
});

describe('repeated failures', () => {
  const failures = (of: string, org: string) =>
    harness.database.superuser<{ meta: object }>(
      `SELECT meta FROM audit_events WHERE org_id = $1 AND type = 'auth.brute_force_suspected' AND meta ->> 'of' = $2`,
      [org, of],
    );
  const failSignIn = (user: Member, ip: string) => signIn(harness.client(), user, ip, FIREFOX, 'Wrong-Password-1');

  it('from one IP over several accounts raise one alert at the twentieth, even when concurrent', async () => {
    const org = await harness.make.organization('gme');
    const members = await Promise.all(Array.from({ length: 8 }, () => harness.make.member(org, 'mentor')));
    for (const _round of [1, 2]) await Promise.all(members.map((one) => failSignIn(one, '198.51.100.7')));
    await Promise.all(members.slice(0, 3).map((one) => failSignIn(one, '198.51.100.7')));
    await failSignIn(members[3]!, '198.51.100.8');
    await harness.settled();
    expect(await failures('address', org)).toEqual([]);
    await Promise.all(members.slice(4).map((one) => failSignIn(one, '198.51.100.7')));
    await harness.settled();
    expect(await failures('address', org)).toEqual([{ meta: { of: 'address', failures: 20, accounts: 8 } }]);
    await harness.database.superuser(
      `UPDATE sign_in_failures SET failed_at = failed_at - interval '11 minutes' WHERE org_id = $1`,
      [org],
    );
    await failSignIn(members[7]!, '198.51.100.7');
    await harness.settled();
    expect(await failures('address', org)).toHaveLength(1);
  });

  it('for one account within an hour raise an alert at the tenth, from any IP', async () => {
    const org = await harness.make.organization('gme');
    const user = await harness.make.member(org, 'mentor');
    for (let i = 0; i < 10; i += 1) {
      await harness.database.superuser('DELETE FROM app_private.sign_in_locks');
      expect((await failSignIn(user, `198.51.100.${100 + i}`)).status).toBe(401);
      await harness.settled();
      expect(await failures('account', org)).toHaveLength(i < 9 ? 0 : 1);
    }
    expect(await alertsFor(user)).toEqual([
      { type: 'auth.brute_force_suspected', meta: { of: 'account', failures: 10, accounts: 1 } },
    ]);
  });

  it('for unknown e-mail addresses raise an alert for the system organization only', async () => {
    const SYSTEM_ORG_ID = '00000000-0000-0000-0000-000000000000';
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        signIn(
          harness.client(),
          { email: `unknown${i}@test.example` } as Member,
          '198.51.100.9',
          FIREFOX,
          'Wrong-Password-1',
        ),
      ),
    );
    await harness.settled();
    expect(await failures('address', SYSTEM_ORG_ID)).toEqual([{ meta: { of: 'address', failures: 20, accounts: 20 } }]);
  });
});

describe('stored sign-in signals', () => {
  it("contain no plain address, and neither members nor the application's role can read them", async () => {
    const rows = await harness.database.superuser<{ line: string }>(
      `SELECT m::text AS line FROM known_sign_in_signals m UNION ALL SELECT f::text FROM sign_in_failures f UNION ALL
         SELECT payload::text FROM outbox`,
    );
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.map(({ line }) => line).join()).not.toMatch(/203\.0\.113|198\.51\.100|@test\.example|Firefox/);
    const grants = await harness.database.superuser<{ writes: boolean }>(
      `SELECT has_table_privilege('vouchsafe_app', t, 'INSERT, UPDATE, DELETE')
         OR has_any_column_privilege('vouchsafe_app', t, 'INSERT, UPDATE')
           OR has_column_privilege('vouchsafe_app', t, c, 'SELECT') AS writes
         FROM (VALUES ('known_sign_in_signals', 'digest'), ('sign_in_failures', 'address_mark')) x (t, c)`,
    );
    expect(grants).toEqual([{ writes: false }, { writes: false }]);
  });

  it('reach members with audit:read in real time, and no other member', async () => {
    const [director, mentor, user] = [
      await harness.signIn((await member('program_director')).email),
      await harness.signIn((await member()).email),
      await member(),
    ];
    await signIn(harness.client(), user);
    await signIn(harness.client(), user);
    await harness.settled();
    const listAlerts = async (client: Client) =>
      (await client.get(`/v1/audit?type=auth.new_device&targetId=${user.userId}`)).body.items;
    expect(await listAlerts(director)).toMatchObject([
      { type: 'auth.new_device', severity: 'notice', actor: { id: user.userId }, userAgent: FIREFOX, ip: NOWHERE },
    ]);
    expect((await mentor.get('/v1/audit')).status).toBe(403);
    expect(
      await harness.database.superuser(
        `SELECT permission FROM realtime_events WHERE type = 'auth.new_device' AND target_id = $1`,
        [user.userId],
      ),
    ).toEqual([{ permission: 'audit:read' }]);
  });
});
