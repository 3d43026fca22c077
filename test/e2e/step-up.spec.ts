import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { allRoutes } from '../../src/platform/boot/routes.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { enrollPasskey, enrollTotp, type CodeApp } from '../harness/factors.js';
import { Factories, type Member } from '../harness/factories.js';
import { madeKey, KeyClient } from '../harness/keys.js';

const STEP_UP = '/v1/auth/step-up';
/**
 * Routes that must require a step-up: exports, roles, keys, connections, webhook secrets, sign-in settings, and
 * factors.
 */
const STEP_UP_ROUTES = [
  'POST /v1/exports',
  'PATCH /v1/memberships/:id',
  'PUT /v1/memberships/:id/permissions/:permission',
  'DELETE /v1/memberships/:id/permissions/:permission',
  'POST /v1/roles',
  'PATCH /v1/roles/:role',
  'DELETE /v1/roles/:role',
  'PUT /v1/roles/:role/permissions/:permission',
  'DELETE /v1/roles/:role/permissions/:permission',
  'POST /v1/api-keys',
  'POST /v1/api-keys/:id/rotate',
  'POST /v1/sso/connections',
  'PATCH /v1/sso/connections/:id',
  'DELETE /v1/sso/connections/:id',
  'POST /v1/webhook-sources',
  'PATCH /v1/webhook-sources/:id',
  'DELETE /v1/webhook-sources/:id',
  'POST /v1/webhook-sources/:id/secrets',
  'POST /v1/retention/policies/:name/run',
  'PATCH /v1/organizations/current/sign-in',
  'POST /v1/organizations/current/owner',
  'DELETE /v1/memberships/:id/factors',
  'DELETE /v1/auth/totp',
  'POST /v1/auth/recovery-codes',
  'POST /v1/auth/totp/enroll',
  'POST /v1/auth/totp/confirm',
  'POST /v1/auth/passkeys',
  'DELETE /v1/auth/passkeys/:id',
];

let harness: Harness;
let orgId: string;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
});
afterAll(() => harness.stop());

const statusAndCode = ({ status, body }: Answer) => `${status} ${body?.code ?? 'ok'}`;
// The guard accepted the request when the answer is 400.
const sensitiveChange = async (client: Client) => statusAndCode(await client.post('/v1/roles', { key: 'x', name: '' }));
const sessionCookie = (client: Client) => /vouchsafe_test=[^;]+/.exec(client.cookieHeader)![0];

interface SignedInMember extends Member {
  client: Client;
}

async function createOwner(): Promise<SignedInMember> {
  const member = await harness.make.member(orgId, 'program_director');
  return { ...member, client: await harness.signIn(member.email) };
}

/** Moves the sign-ins and step-ups of a member back in time. */
const ageSessions = ({ userId }: Member) =>
  harness.database.superuser(
    `UPDATE sessions SET signed_in_at = signed_in_at - interval '32 minutes',
       stepped_up_at = stepped_up_at - interval '32 minutes' WHERE user_id = $1`,
    [userId],
  );

const declaredRoutes = () => allRoutes(harness.api.get(DiscoveryService), harness.api.get(MetadataScanner));

it('a route that requires a recent sign-in accepts no API key', () => {
  const open = declaredRoutes().filter(({ policy }) => policy?.stepUpMinutes !== undefined && !policy.interactiveOnly);
  expect(open.map(({ where }) => where)).toEqual([]);
});

it('the catalog lists exactly the routes that require a recent sign-in', () => {
  const catalog = readFileSync('docs/generated/catalog.md', 'utf8');
  const [section = ''] = catalog.split('## Routes that require a recent sign-in')[1]?.split('\n## ') ?? [];
  const listed = [...section.matchAll(/^\| `(\S+ \S+)` \| (\d+) minutes \|$/gm)].map(
    ([, route, age]) => `${route} ${age}`,
  );
  const declared = declaredRoutes().flatMap(({ method, path, policy }) =>
    policy?.stepUpMinutes === undefined
      ? []
      : [`${method} ${path.replaceAll(/:(\w+)/g, '{$1}')} ${policy.stepUpMinutes}`],
  );
  expect(listed.toSorted()).toEqual(declared.toSorted());
  expect(listed.length).toBeGreaterThan(20);
});

it('the ages in the documentation of factors are those of the routes', () => {
  const rows = readFileSync('docs/mfa.md', 'utf8').matchAll(/^\| (`.*?)\|[^|]*\| *(?:(\d+) minutes)? *\|$/gm);
  const ages = new Map(
    declaredRoutes().map(({ method, path, policy }) => [`${method} ${path}`, policy?.stepUpMinutes]),
  );
  const routes = [...rows].flatMap(([, cell, age]) =>
    [...cell!.matchAll(/`([A-Z]+) (\/\S+)`/g)].map(([, method, path]) => {
      const route = `${method} ${path!.replaceAll(/\{(\w+)\}/g, ':$1')}`;
      return [route, age, String(ages.get(route) ?? '')];
    }),
  );
  expect(routes.length).toBeGreaterThan(5);
  for (const [route, written = '', real] of routes) expect([route, written]).toEqual([route, real]);
});

it('sensitive routes require a step-up of at most thirty minutes', () => {
  const routes = declaredRoutes();
  const minutes = new Map(routes.map(({ method, path, policy }) => [`${method} ${path}`, policy?.stepUpMinutes]));
  for (const route of STEP_UP_ROUTES) expect([route, (minutes.get(route) ?? Infinity) <= 30]).toEqual([route, true]);
});

describe('a member without a second factor', () => {
  it('steps up with the password, and the session gets a new secret', async () => {
    const user = await createOwner();
    await ageSessions(user);
    const before = sessionCookie(user.client);
    expect(await sensitiveChange(user.client)).toBe('403 step_up_required');
    expect((await user.client.post(STEP_UP, { password: Factories.PASSWORD })).status).toBe(204);
    expect(await sensitiveChange(user.client)).toBe('400 invalid_request');
    expect((await harness.client().get('/v1/auth/me', { headers: { cookie: before } })).status).toBe(401);
    await ageSessions(user);
    expect(await sensitiveChange(user.client)).toBe('403 step_up_required');
  });

  it('is locked after five wrong passwords, at sign-in too, and then a correct one does not help', async () => {
    const { client, email, userId } = await createOwner();
    const codes: string[] = [];
    for (let i = 0; i < 6; i += 1)
      codes.push(statusAndCode(await client.post(STEP_UP, { password: 'Wrong-Password-1' })));
    expect(codes).toEqual([...Array<string>(4).fill('403 step_up_failed'), '429 account_locked', '429 account_locked']);
    expect(statusAndCode(await client.post(STEP_UP, { password: Factories.PASSWORD }))).toBe('429 account_locked');
    expect(statusAndCode(await harness.client().post('/v1/auth/login', { email, password: Factories.PASSWORD }))).toBe(
      '429 account_locked',
    );
    const events = await harness.database.superuser<{ type: string }>(
      `SELECT type FROM audit_events WHERE org_id = $1 AND target_id = $2
         AND type IN ('auth.step_up_failed', 'auth.locked') ORDER BY id`,
      [orgId, userId],
    );
    expect(events.map(({ type }) => type)).toEqual([...Array<string>(5).fill('auth.step_up_failed'), 'auth.locked']);
  });

  it('gets five of fifty concurrent wrong passwords checked in one session', async () => {
    const { client } = await createOwner();
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => client.post(STEP_UP, { password: 'Wrong-Password-1' })),
    );
    expect(answers.filter((answer) => statusAndCode(answer) === '403 step_up_failed')).toHaveLength(4);
    expect(answers.filter((answer) => statusAndCode(answer) === '429 account_locked')).toHaveLength(46);
  });
});

describe('a member with a second factor', () => {
  const withTotp = async (): Promise<SignedInMember & { app: CodeApp; recoveryCodes: string[] }> => {
    const user = await createOwner();
    return { ...user, ...(await enrollTotp(user.client)) };
  };

  it('must present it: the password is not enough', async () => {
    const user = await withTotp();
    await ageSessions(user);
    expect(statusAndCode(await user.client.post(STEP_UP, { password: Factories.PASSWORD }))).toBe('403 step_up_failed');
    expect(await sensitiveChange(user.client)).toBe('403 step_up_required');
    expect((await user.client.post(STEP_UP, { totp: user.app.fresh() })).status).toBe(204);
    expect(await sensitiveChange(user.client)).toBe('400 invalid_request');
    await ageSessions(user);
    expect((await user.client.post(STEP_UP, { recoveryCode: user.recoveryCodes[0] })).status).toBe(204);
    expect(await sensitiveChange(user.client)).toBe('400 invalid_request');
    expect(statusAndCode(await user.client.post(STEP_UP, { recoveryCode: user.recoveryCodes[0] }))).toBe(
      '403 step_up_failed',
    );
  });

  it('cannot reuse the code of the sign-in for a step-up', async () => {
    const user = await withTotp();
    const code = user.app.fresh();
    const client = harness.client();
    expect(
      (await client.post('/v1/auth/login', { email: user.email, password: Factories.PASSWORD, totp: code })).status,
    ).toBe(200);
    expect(statusAndCode(await client.post(STEP_UP, { totp: code }))).toBe('403 step_up_failed');
  });

  it('can use a passkey with a challenge of this browser', async () => {
    const user = await createOwner();
    const { authenticator } = await enrollPasskey(harness, user.client);
    await ageSessions(user);
    const { body: options } = await user.client.get('/v1/auth/step-up/options');
    const passkey = authenticator.get(options);
    expect((await user.client.post(STEP_UP, { passkey })).status).toBe(204);
    expect(await sensitiveChange(user.client)).toBe('400 invalid_request');
    expect(statusAndCode(await user.client.post(STEP_UP, { passkey }))).toBe('403 step_up_failed');
  });

  it('cannot change factors in an old session', async () => {
    const user = await withTotp();
    await ageSessions(user);
    for (const [method, path, body] of [
      ['DELETE', '/v1/auth/totp'],
      ['POST', '/v1/auth/recovery-codes'],
      ['POST', '/v1/auth/totp/enroll'],
      ['GET', '/v1/auth/passkeys/options'],
      ['POST', '/v1/auth/passkeys', {}],
    ] as const) {
      expect([path, statusAndCode(await user.client.send(method, path, { body }))]).toEqual([
        path,
        '403 step_up_required',
      ]);
    }
  });

  it('cannot remove the last factor while one of their organizations requires one', async () => {
    const org = await harness.make.organization('gme');
    const { email } = await harness.make.member(org, 'program_director');
    const client = await harness.signIn(email);
    const { id } = await enrollPasskey(harness, client);
    await enrollTotp(client);
    expect((await client.patch('/v1/organizations/current/sign-in', { requireMfa: true })).status).toBe(200);
    expect((await client.delete('/v1/auth/totp')).status).toBe(204);
    expect(statusAndCode(await client.delete(`/v1/auth/passkeys/${id}`))).toBe('409 last_factor_required');
    expect((await client.get('/v1/auth/passkeys')).body.items).toHaveLength(1);
  });
});

describe('a session', () => {
  it('is unchanged after a failed step-up, and the failure counts', async () => {
    const { client, email } = await createOwner();
    const before = sessionCookie(client);
    expect(statusAndCode(await client.post(STEP_UP, { totp: '000000' }))).toBe('403 step_up_failed');
    expect([sessionCookie(client), (await client.get('/v1/auth/me')).status]).toEqual([before, 200]);
    const [lock] = await harness.database.superuser(
      'SELECT failures, pending FROM app_private.sign_in_locks WHERE lockout_key = sha256($1)',
      [Buffer.from(email)],
    );
    expect(lock).toEqual({ failures: 1, pending: 0 });
  });

  it('gets a new secret after a password change too', async () => {
    const { client } = await createOwner();
    const before = sessionCookie(client);
    expect(
      (
        await client.post('/v1/auth/password/change', {
          currentPassword: Factories.PASSWORD,
          newPassword: 'Synthetic-Test-2',
        })
      ).status,
    ).toBe(204);
    expect([
      (await client.get('/v1/auth/me')).status,
      (await harness.client().get('/v1/auth/me', { headers: { cookie: before } })).status,
    ]).toEqual([200, 401]);
  });

  it('of SSO only cannot step up here and must sign in again', async () => {
    const { client, userId } = await createOwner();
    await harness.database.superuser('DELETE FROM app_private.credentials WHERE user_id = $1', [userId]);
    expect(statusAndCode(await client.post(STEP_UP, { password: 'x' }))).toBe('409 reauthenticate_at_idp');
  });

  it('of an API key cannot call a route that requires a recent sign-in', async () => {
    const user = await createOwner();
    const byKey = new KeyClient(
      harness.url,
      (await madeKey(user.client, ['role:create', 'role:read'])).key,
      '10.9.9.9',
    );
    expect((await byKey.get('/v1/roles')).status).toBe(200);
    expect(statusAndCode(await byKey.post('/v1/roles', { key: 'by_a_key', name: 'By a key' }))).toBe(
      '403 api_key_not_allowed',
    );
  });
});
