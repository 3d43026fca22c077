import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from '../../src/app.module.js';
import { createUser } from '../../src/cli/organizations.js';
import { newId } from '../../src/platform/clock/id.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { allRoutes } from '../../src/platform/boot/routes.js';
import { createApp } from '../../src/platform/http/index.js';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { Factories } from '../harness/factories.js';
import { sessionSecret } from '../contract/raw-sql.js';

let harness: Harness;
/** A second API process on the same database. */
let second: { app: NestExpressApplication; url: string };
let orgId: string;
let director: Client;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  second = await start();
  orgId = await harness.make.organization('gme');
  director = await member('program_director');
});
afterAll(async () => {
  await second.app.close();
  await harness.stop();
});

async function start(): Promise<{ app: NestExpressApplication; url: string }> {
  const config = loadConfig(harness.env, 'api');
  const app = await createApp(AppModule.forRoot(config), config);
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

async function member(role: string): Promise<Client> {
  return harness.signIn((await harness.make.member(orgId, role)).email);
}

const login = (email: string, password = Factories.PASSWORD) =>
  harness.client().post('/v1/auth/login', { email, password });
const me = async (client: Client) => client.get('/v1/auth/me');
const status = async (client: Client, base = '') => (await client.get(`${base}/v1/auth/me`)).status;

describe('the session cookie', () => {
  it('is not readable by scripts or other sites and ends with the browser session', async () => {
    const { headers } = await login((await harness.make.member(orgId, 'trainee')).email);
    const [cookie, ...more] = headers.getSetCookie();
    expect(more).toEqual([
      expect.stringMatching(/^vouchsafe_test_device=[\w.-]{89}; Max-Age=15552000; Path=\/; HttpOnly; SameSite=Lax$/),
    ]);
    expect(cookie).toMatch(/^vouchsafe_test=[\w-]+\.[\w-]+\.[\w-]+; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('is deleted at sign-out and no longer valid', async () => {
    const client = await member('trainee');
    const stolen = client.cookieHeader;
    const { headers, status: logoutStatus, body } = await client.post('/v1/auth/logout');
    expect(body).toEqual({ url: 'http://127.0.0.1:3000/signed-out' });
    expect([logoutStatus, headers.getSetCookie()[0]]).toEqual([
      200,
      'vouchsafe_test=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax',
    ]);
    expect((await harness.client().get('/v1/auth/me', { headers: { cookie: stolen } })).status).toBe(401);
  });

  it('reveals no identity, and the database contains no valid cookie', async () => {
    const client = await member('trainee');
    const claims = JSON.parse(Buffer.from(client.cookieHeader.split('.')[1]!, 'base64url').toString()) as object;
    expect(Object.keys(claims).toSorted()).toEqual(['aud', 'exp', 'iat', 'iss', 'sid']);
    const rows = await harness.database.superuser('SELECT s::text AS line FROM sessions s');
    expect(JSON.stringify(rows)).not.toContain(sessionSecret(client));
  });
});

describe('a forged token', () => {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1_000);
  const sign = (header: object, claims: object, key = Buffer.from(harness.env.JWT_SECRET!, 'hex'), hash = 'sha256') => {
    const body = `${encode(header)}.${encode(claims)}`;
    return `${body}.${createHmac(hash, key).update(body).digest('base64url')}`;
  };
  const validClaims = (sid: string) => ({
    sid,
    iat: now,
    exp: now + 600,
    iss: 'vouchsafe:test',
    aud: 'vouchsafe:test',
  });
  const HS256 = { alg: 'HS256', typ: 'JWT' };
  const forgeries: Record<string, (sid: string) => string> = {
    'no signature (alg none)': (sid) => `${encode({ alg: 'none' })}.${encode(validClaims(sid))}.`,
    'alg None in mixed case': (sid) => `${encode({ alg: 'nOnE' })}.${encode(validClaims(sid))}.`,
    'HS512 under the same key': (sid) => sign({ alg: 'HS512' }, validClaims(sid), undefined, 'sha512'),
    'HS384 under the same key': (sid) => sign({ alg: 'HS384' }, validClaims(sid), undefined, 'sha384'),
    'another key': (sid) => sign(HS256, validClaims(sid), Buffer.alloc(32, 7)),
    'an empty key': (sid) => sign(HS256, validClaims(sid), Buffer.alloc(0)),
    'the key as text': (sid) => sign(HS256, validClaims(sid), Buffer.from(harness.env.JWT_SECRET!)),
    'a key in the token header': (sid) =>
      sign(
        { ...HS256, jwk: { kty: 'oct', k: Buffer.alloc(32, 7).toString('base64url') } },
        validClaims(sid),
        Buffer.alloc(32, 7),
      ),
    "another environment's issuer": (sid) => sign(HS256, { ...validClaims(sid), iss: 'vouchsafe:production' }),
    "another environment's audience": (sid) => sign(HS256, { ...validClaims(sid), aud: 'vouchsafe:production' }),
    'no issuer': (sid) => sign(HS256, { ...validClaims(sid), iss: undefined }),
    expired: (sid) => sign(HS256, { ...validClaims(sid), exp: now - 1 }),
    'not valid yet': (sid) => sign(HS256, { ...validClaims(sid), nbf: now + 600 }),
    'a secret of another length': (sid) => sign(HS256, validClaims(`${sid}A`)),
    'a secret that is an array': () => sign(HS256, { ...validClaims(''), sid: ['x'.repeat(43)] }),
    'a secret without a session': () => sign(HS256, validClaims('A'.repeat(43))),
    'two payloads': (sid) => `${encode(validClaims(sid))}.${sign(HS256, validClaims(sid))}`,
  };

  it('differs from this valid token, which is accepted, so the others fail for their own reason', async () => {
    const client = await member('trainee');
    const answer = await harness
      .client()
      .get('/v1/auth/me', { headers: { cookie: `vouchsafe_test=${sign(HS256, validClaims(sessionSecret(client)))}` } });
    expect(answer.status).toBe(200);
  });

  it.each(Object.keys(forgeries))('is rejected: %s', async (name) => {
    const client = await member('trainee');
    const cookie = `vouchsafe_test=${forgeries[name]!(sessionSecret(client))}`;
    const { status: httpStatus, body } = await harness.client().get('/v1/auth/me', { headers: { cookie } });
    expect([httpStatus, body.code]).toEqual([401, 'unauthenticated']);
  });

  it.each([
    ['as a bearer token', (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` })],
    ['under another name', (token: string) => ({ cookie: `session=${token}` })],
    [
      'under the name of another environment',
      (token: string) => ({
        cookie: `vouchsafe_production=${token}; __Host-vouchsafe_production=${token}; __Host-vouchsafe_test=${token}`,
      }),
    ],
    [
      'under an empty first cookie of the same name',
      (token: string) => ({ cookie: `vouchsafe_test=; vouchsafe_test=${token}` }),
    ],
  ])('is not accepted %s', async (_where, headers) => {
    const token = /=([^;]+)/.exec((await member('trainee')).cookieHeader)![1]!;
    expect((await harness.client().get('/v1/auth/me', { headers: headers(token) })).status).toBe(401);
  });
});

describe('a session', () => {
  it('is one of at most five, even of twenty concurrent sign-ins', async () => {
    const { email, userId } = await harness.make.member(orgId, 'trainee');
    const answers = await Promise.all(Array.from({ length: 20 }, () => login(email)));
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200));
    const live = await harness.database.superuser('SELECT 1 FROM sessions WHERE user_id = $1 AND revoked_at IS NULL', [
      userId,
    ]);
    expect(live).toHaveLength(5);
  });

  it('ends when its user opens a sixth', async () => {
    const { email } = await harness.make.member(orgId, 'trainee');
    const clients: Client[] = [];
    for (let i = 0; i < 6; i += 1) clients.push(await harness.signIn(email));
    expect(await Promise.all(clients.map((client) => status(client)))).toEqual([401, 200, 200, 200, 200, 200]);
  });

  it('ends after fifteen idle minutes, and not before', async () => {
    const client = await member('trainee');
    const { body } = await me(client);
    const idle = (minutes: string) =>
      harness.database.superuser(
        `UPDATE sessions SET last_seen_at = now() - interval '${minutes} minutes' WHERE id = $1`,
        [body.session.id],
      );
    await idle('14.9');
    expect(await status(client)).toBe(200);
    await idle('14.9');
    expect(await status(client)).toBe(200); // each request resets the idle timeout
    await idle('15.01');
    expect((await me(client)).body.code).toBe('session_expired');
    expect((await me(client)).body.code).toBe('session_expired');
  });

  it('ends at its absolute timeout, even with activity', async () => {
    const client = await member('trainee');
    await harness.database.superuser('UPDATE sessions SET expires_at = now() WHERE id = $1', [
      (await me(client)).body.session.id,
    ]);
    expect((await me(client)).body.code).toBe('session_expired');
  });

  it('ends with the next request after its revocation, in another process too', async () => {
    const { email } = await harness.make.member(orgId, 'trainee');
    const [first, other] = [await harness.signIn(email), await harness.signIn(email)];
    expect(await status(other, second.url)).toBe(200);
    expect((await first.delete(`/v1/auth/sessions/${(await me(other)).body.session.id}`)).status).toBe(204);
    expect(await Promise.all([status(other), status(other, second.url), status(first, second.url)])).toEqual([
      401, 401, 200,
    ]);
  });

  it('is listed and revoked only by its own user', async () => {
    const [mine, theirs] = [await member('trainee'), await member('trainee')];
    const {
      body: { session },
    } = await me(theirs);
    expect((await mine.delete(`/v1/auth/sessions/${session.id}`)).status).toBe(404);
    expect((await director.delete(`/v1/auth/sessions/${session.id}`)).status).toBe(404);
    expect((await mine.get('/v1/auth/sessions')).body.items.map(({ id }: { id: string }) => id)).not.toContain(
      session.id,
    );
    expect(await status(theirs)).toBe(200);
  });

  it('ends with the membership', async () => {
    const leaver = await harness.make.member(orgId, 'trainee');
    const client = await harness.signIn(leaver.email);
    await director.delete(`/v1/memberships/${leaver.membershipId}`);
    expect([await status(client), await status(client, second.url)]).toEqual([401, 401]);
    expect((await login(leaver.email)).status).toBe(401);
  });

  it('does not outlive a role change: the next request has the new role or fails', async () => {
    const promoted = await harness.make.member(orgId, 'program_director');
    const client = await harness.signIn(promoted.email);
    expect((await client.get('/v1/memberships')).status).toBe(200);
    await director.patch(`/v1/memberships/${promoted.membershipId}`, { role: 'trainee' });
    expect([401, 403]).toContain((await client.get(`${second.url}/v1/memberships`)).status);
  });

  it('follows changed grants from the next request on, in another process too', async () => {
    const other = await harness.make.organization('gme');
    const admin = await harness.signIn((await harness.make.member(other, 'program_director')).email);
    const trainee = await harness.signIn((await harness.make.member(other, 'trainee')).email);
    expect((await trainee.get(`${second.url}/v1/people`)).status).toBe(200);
    await admin.put('/v1/roles/trainee/permissions/person:read', { scope: 'none' });
    expect((await trainee.get(`${second.url}/v1/people`)).status).toBe(403);
    await admin.delete('/v1/roles/trainee/permissions/person:read');
    expect((await trainee.get(`${second.url}/v1/people`)).status).toBe(200);
  });

  it('of a suspended organization is rejected, and its members cannot sign in', async () => {
    const suspended = await harness.make.organization('gme');
    const { email } = await harness.make.member(suspended, 'program_director');
    const client = await harness.signIn(email);
    await harness.database.superuser(`UPDATE organizations SET status = 'suspended' WHERE id = $1`, [suspended]);
    expect((await client.get('/v1/people')).body).toMatchObject({ status: 403, code: 'organization_suspended' });
    expect((await client.post('/v1/people', {})).body.code).toBe('organization_suspended');
    expect((await login(email)).body.code).toBe('invalid_credentials');
    await harness.database.superuser(`UPDATE organizations SET status = 'active' WHERE id = $1`, [suspended]);
    expect((await client.get('/v1/people')).status).toBe(200);
  });

  it('reaches only its own state when the organization requires MFA or SSO', async () => {
    const strict = await harness.make.organization('gme');
    const client = await harness.signIn((await harness.make.member(strict, 'program_director')).email);
    for (const [column, code] of [
      ['require_mfa', 'mfa_enrollment_required'],
      ['require_sso', 'sso_required'],
    ] as const) {
      await harness.database.superuser(`UPDATE organizations SET ${column} = true WHERE id = $1`, [strict]);
      expect((await client.get('/v1/people')).body.code).toBe(code);
      expect((await me(client)).status).toBe(200);
      await harness.database.superuser(`UPDATE organizations SET ${column} = false WHERE id = $1`, [strict]);
    }
  });
});

describe('a password', () => {
  it('that must be changed blocks every other change', async () => {
    const email = `first-${newId()}@test.example`;
    await createUser(harness.operator, {
      email,
      org: orgId,
      role: 'program_director',
      password: Factories.PASSWORD,
      mustChange: true,
    });
    const client = await harness.signIn(email);
    const routes = allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner)).filter(
      ({ mutating, policy }) => mutating && policy?.kind === 'access',
    );
    const open = ['/v1/auth/logout', '/v1/auth/password/change', '/account/password', '/account/sign-out'];
    for (const { method, path } of routes.filter((route) => !open.includes(route.path))) {
      const { body } = await client.send(method, path.replaceAll(/:\w+/g, newId()), { body: {} });
      expect([method, path, body.code]).toEqual([method, path, 'password_change_required']);
    }
    expect((await client.get('/v1/people')).status).toBe(200);
    expect(
      (
        await client.post('/v1/auth/password/change', {
          currentPassword: Factories.PASSWORD,
          newPassword: 'Synthetic-Test-2',
        })
      ).status,
    ).toBe(204);
    expect((await client.post('/v1/people', { kind: 'trainee', givenName: 'A', familyName: 'B' })).status).toBe(201);
  });

  it('that is changed ends all other sessions, and the old one no longer works', async () => {
    const { email } = await harness.make.member(orgId, 'trainee');
    const [first, other] = [await harness.signIn(email), await harness.signIn(email)];
    expect(
      (
        await first.post('/v1/auth/password/change', {
          currentPassword: 'Wrong-Password-1',
          newPassword: 'Synthetic-Test-2',
        })
      ).body.code,
    ).toBe('wrong_password');
    expect(
      (await first.post('/v1/auth/password/change', { currentPassword: Factories.PASSWORD, newPassword: 'short' })).body
        .code,
    ).toBe('weak_password');
    expect(
      (
        await first.post('/v1/auth/password/change', {
          currentPassword: Factories.PASSWORD,
          newPassword: 'Synthetic-Test-2',
        })
      ).status,
    ).toBe(204);
    expect([await status(first), await status(other)]).toEqual([200, 401]);
    expect([(await login(email)).status, (await login(email, 'Synthetic-Test-2')).status]).toEqual([401, 200]);
  });
});

describe("a cross-site change with the user's cookie", () => {
  const person = { kind: 'trainee', givenName: 'A', familyName: 'B' };
  it.each<[string, Record<string, string>, number]>([
    ['another origin', { origin: 'https://evil.example' }, 403],
    ['a null origin', { origin: 'null' }, 403],
    ['a host with the same prefix', { origin: 'http://127.0.0.1:3000.evil.example' }, 403],
    ['the same host with another scheme', { origin: 'https://127.0.0.1:3000' }, 403],
    ['cross-site', { 'sec-fetch-site': 'cross-site' }, 403],
    ['another host of the same site', { 'sec-fetch-site': 'same-site' }, 403],
    [
      'the same origin with a cross-site fetch',
      { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'cross-site' },
      403,
    ],
    ['(the same origin, for comparison)', { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-origin' }, 201],
  ])('is rejected: %s', async (_what, headers, expected) => {
    expect((await director.post('/v1/people', person, { headers })).status).toBe(expected);
  });

  it.each([
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data; boundary=x',
    'application/json-patch',
    '',
  ])('is rejected with the content type of a form: "%s"', async (type) => {
    const { status: httpStatus } = await director.post('/v1/people', undefined, {
      raw: JSON.stringify(person),
      headers: { 'content-type': type },
    });
    expect([400, 403, 415]).toContain(httpStatus);
  });

  it('does not apply to reads, and a preflight allows nothing', async () => {
    expect(
      (await director.get('/v1/auth/me', { headers: { origin: 'https://evil.example' } })).headers.get(
        'access-control-allow-origin',
      ),
    ).toBeNull();
    const preflight = await director.send('OPTIONS', '/v1/people', {
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('is rejected when a header overrides the method', async () => {
    for (const name of ['x-http-method-override', 'x-method-override', 'x-http-method']) {
      expect((await director.post('/v1/auth/me', {}, { headers: { [name]: 'GET' } })).status).toBe(405);
    }
    expect((await director.get('/v1/auth/me?_method=DELETE')).status).toBeLessThan(500);
  });
});
