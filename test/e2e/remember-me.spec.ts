import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import { Factories, type Member } from '../harness/factories.js';

const DAY = 1_440;

let harness: Harness;
let orgId: string;
let director: Client;
let member: Member;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  orgId = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
  member = await harness.make.member(orgId, 'trainee');
});
afterAll(() => harness.stop());

const allow = async (rememberMeAllowed: boolean) => {
  expect((await director.patch('/v1/organizations/current/sign-in', { rememberMeAllowed })).body).toMatchObject({
    rememberMeAllowed,
  });
};

async function signIn(rememberMe?: boolean) {
  const client = harness.client();
  const { body, headers, status } = await client.post('/v1/auth/login', {
    email: member.email,
    password: Factories.PASSWORD,
    rememberMe,
  });
  expect(status).toBe(200);
  const {
    body: { session },
  } = await client.get('/v1/auth/me');
  const hours = (new Date(body.expiresAt).getTime() - Date.now()) / 3_600_000;
  return {
    client,
    cookie: headers.getSetCookie()[0]!,
    remembered: body.remembered as boolean,
    hours: Math.round(hours),
    id: session.id as string,
  };
}

const idle = (id: string, minutes: number) =>
  harness.database.superuser(
    'UPDATE sessions SET last_seen_at = now() - make_interval(secs => $2::float8 * 60) WHERE id = $1',
    [id, minutes],
  );
const age = (id: string, minutes: number) =>
  harness.database.superuser(
    `UPDATE sessions SET (signed_in_at, created_at, expires_at) = (signed_in_at - by, created_at - by,
       expires_at - by) FROM make_interval(secs => $2::float8 * 60) by WHERE id = $1`,
    [id, minutes],
  );
const code = async (client: Client) => (await client.get('/v1/auth/me')).body.code;

describe('"remember me"', () => {
  it('has no effect unless the organization allows it', async () => {
    const requested = await signIn(true);
    expect([requested.remembered, requested.hours]).toEqual([false, 12]);
    expect(requested.cookie).not.toMatch(/max-age|expires/i);
    await idle(requested.id, 15.1);
    expect(await code(requested.client)).toBe('session_expired');
  });

  it('gives a session and a cookie of seven days, where allowed, only to users who ask for it', async () => {
    await allow(true);
    const [requested, plain, declined] = [await signIn(true), await signIn(), await signIn(false)];
    expect([requested, plain, declined].map(({ remembered, hours }) => [remembered, hours])).toEqual([
      [true, 168],
      [false, 12],
      [false, 12],
    ]);
    const maxAge = Number(/; Max-Age=(\d+); Path=\/; HttpOnly; SameSite=Lax$/.exec(requested.cookie)![1]);
    expect(Math.abs(maxAge - 7 * 86_400)).toBeLessThan(60);
    expect(plain.cookie + declined.cookie).not.toMatch(/max-age|expires/i);
    const { body } = await requested.client.get('/v1/auth/sessions');
    expect(
      body.items.filter(({ remembered }: { remembered: boolean }) => remembered).map(({ id }: { id: string }) => id),
    ).toEqual([requested.id]);
    await idle(plain.id, 15.1);
    expect(await code(plain.client)).toBe('session_expired');
  });

  it('ends after seven idle days, and not before', async () => {
    const { client, id } = await signIn(true);
    await idle(id, 7 * DAY - 1);
    expect(await code(client)).toBeUndefined();
    await idle(id, 7 * DAY + 1);
    expect(await code(client)).toBe('session_expired');
  });

  it('ends seven days after the sign-in, even with activity', async () => {
    const { client, id } = await signIn(true);
    await age(id, 7 * DAY - 1);
    expect(await code(client)).toBeUndefined();
    await age(id, 2);
    expect(await code(client)).toBe('session_expired');
  });

  it('when disabled by the organization, ends from the next request on with the normal timeouts', async () => {
    const [fresh, quiet, old] = [await signIn(true), await signIn(true), await signIn(true)];
    await idle(quiet.id, 20);
    await age(old.id, 13 * 60);
    expect([await code(quiet.client), await code(old.client)]).toEqual([undefined, undefined]);
    await idle(quiet.id, 20);
    await allow(false);
    expect(await Promise.all([fresh, quiet, old].map(({ client }) => code(client)))).toEqual([
      undefined,
      'session_expired',
      'session_expired',
    ]);
    await idle(fresh.id, 15.1);
    expect(await code(fresh.client)).toBe('session_expired');
    await allow(true);
  });

  it('does not apply to another organization, which rejects an old sign-in', async () => {
    const other = await harness.make.organization('gme');
    await harness.make.member(other, 'trainee', { email: member.email });
    const [fresh, old] = [await signIn(true), await signIn(true)];
    await age(old.id, 13 * 60);
    expect((await old.client.post('/v1/auth/organization', { orgId: other })).body.code).toBe(
      'organization_sign_in_required',
    );
    const { status, headers, body } = await fresh.client.post('/v1/auth/organization', { orgId: other });
    expect([status, body.remembered]).toEqual([200, false]);
    expect(headers.getSetCookie()[0]).not.toMatch(/max-age/i);
  });

  it('can be allowed only with the right to update the sign-in policy, and raw SQL has the same check', async () => {
    const trainee = await signIn();
    expect((await trainee.client.patch('/v1/organizations/current/sign-in', { rememberMeAllowed: true })).status).toBe(
      403,
    );
    expect((await director.patch('/v1/organizations/current', { rememberMeAllowed: false })).status).toBe(400);
    expect((await director.patch('/v1/organizations/current/sign-in', { rememberMeAllowed: 'yes' })).status).toBe(400);
    expect(
      await harness.database.superuser(
        `SELECT pg_get_triggerdef(oid) ~ 'new.remember_me_allowed' AS guarded FROM pg_trigger
           WHERE tgname = 'sign_in_settings'`,
      ),
    ).toEqual([{ guarded: true }]);
  });

  it.each([null, 'true', 1, {}])('is rejected with the value %p', async (rememberMe) => {
    expect(
      (await harness.client().post('/v1/auth/login', { email: member.email, password: Factories.PASSWORD, rememberMe }))
        .status,
    ).toBe(400);
  });
});

describe("the user's own sessions", () => {
  const listSessions = async (client: Client) =>
    ((await client.get('/v1/auth/sessions')).body.items as { id: string }[]).map(({ id }) => id);

  it('are not listed after the idle timeout', async () => {
    const [here, gone] = [await signIn(), await signIn()];
    await idle(gone.id, 15.1);
    expect(await listSessions(here.client)).not.toContain(gone.id);
  });

  it('except the current one end together in this organization, and the audit event has the count', async () => {
    const other = await harness.make.organization('gme');
    const away = await harness.make.member(other, 'trainee', { email: member.email });
    await harness.database.superuser('UPDATE sessions SET revoked_at = now() WHERE user_id = $1', [member.userId]);
    const [first, second, here, there] = [await signIn(), await signIn(), await signIn(), await signIn()];
    expect((await there.client.post('/v1/auth/organization', { orgId: other })).status).toBe(200);
    const anotherUser = await harness.signIn((await harness.make.member(orgId, 'trainee')).email);
    expect((await here.client.delete('/v1/auth/sessions')).status).toBe(204);
    expect(await Promise.all([first, second, here, there].map(({ client }) => code(client)))).toEqual([
      'unauthenticated',
      'unauthenticated',
      undefined,
      undefined,
    ]);
    expect([await code(anotherUser), await listSessions(here.client)]).toEqual([undefined, [here.id]]);
    expect(away.userId).toBe(member.userId);
    const entries = await harness.database.superuser(
      `SELECT meta FROM audit_events WHERE type = 'auth.other_sessions_revoked' AND actor_id = $1`,
      [member.userId],
    );
    expect(entries).toEqual([{ meta: { sessions: 2 } }]);
  });

  it('serve fifty concurrent requests, even when the last activity must be written', async () => {
    const { client, id } = await signIn();
    for (const minutes of [0, 14]) {
      await idle(id, minutes);
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, i) =>
          i % 2 === 0 ? client.get('/v1/auth/me') : client.get('/v1/auth/sessions'),
        ),
      );
      expect([...new Set(answers.map(({ status }) => status))]).toEqual([200]);
    }
  });
});
