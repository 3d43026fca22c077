import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { Harness } from '../harness/app.js';
import { IdentityProvider, postSaml } from '../harness/identity-provider.js';
import type { Client } from '../harness/client.js';

let harness: Harness;
let provider: IdentityProvider;
let orgId: string;
let connectionId: string;

beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), IdentityProvider.start()]);
  orgId = await harness.make.organization('gme');
  connectionId = await connect(orgId);
});
afterAll(() => Promise.all([harness.stop(), provider.stop()]));

async function connect(org: string, more: object = {}): Promise<string> {
  const metadata = await provider.metadata();
  const groupRoles = ['program_director', 'mentor'].map((role) => ({ group: `gme:${role}`, role }));
  const { id } = await harness.operator.within(org, () =>
    harness.operator.app.get(SsoSetupService).create({ name: 'Test', metadata, groupRoles, ...more }),
  );
  return id;
}

async function startLogin(client: Client, connection = connectionId, query = ''): Promise<string> {
  const { status, headers } = await client.get(`/v1/sso/saml/${connection}/login${query}`);
  expect(status).toBe(302);
  return headers.get('location')!;
}

async function signIn(client: Client, email: string, connection = connectionId) {
  const { fields } = await provider.answer(await startLogin(client, connection), email);
  return postSaml(client, connection, fields);
}

function failures(org = orgId): Promise<{ reason: string }[]> {
  return harness.database.superuser(
    `SELECT meta ->> 'reason' AS reason FROM audit_events WHERE type = 'auth.sign_in_failed' AND org_id = $1
       ORDER BY occurred_at, id`,
    [org],
  );
}

describe('sign-in through SAML', () => {
  it('opens a session with the role of the mapped group and records it', async () => {
    const client = harness.client();
    const { fields } = await provider.answer(
      await startLogin(client, connectionId, '?returnTo=/v1/people'),
      'program.director@gme.example',
    );
    const result = await postSaml(client, connectionId, fields);
    expect([result.status, result.headers.get('location')]).toEqual([303, '/v1/people']);
    const me = await client.get('/v1/auth/me');
    expect(me.body).toMatchObject({
      user: { email: 'program.director@gme.example' },
      organization: { id: orgId },
      role: 'program_director',
    });
    const events = await harness.database.superuser(
      `SELECT type, meta FROM audit_events WHERE org_id = $1 AND actor_id = $2 ORDER BY occurred_at, id`,
      [orgId, me.body.user.id],
    );
    expect(events.map(({ type }) => type)).toEqual(['sso.member_provisioned', 'auth.signed_in']);
  });

  it('keeps one member for a user who signs in twice', async () => {
    await signIn(harness.client(), 'mentor@gme.example');
    await signIn(harness.client(), 'mentor@gme.example');
    const members = await harness.database.superuser(
      `SELECT m.role FROM memberships m JOIN users u ON u.id = m.user_id WHERE u.email = 'mentor@gme.example'`,
    );
    expect(members).toEqual([{ role: 'mentor' }]);
  });

  it('rejects a replayed response', async () => {
    const client = harness.client();
    const { fields } = await provider.answer(await startLogin(client), 'mentor@gme.example');
    expect((await postSaml(client, connectionId, fields)).status).toBe(303);
    expect((await postSaml(client, connectionId, fields)).body).toMatchObject({ status: 403, code: 'sso_failed' });
    expect((await failures()).at(-1)).toEqual({ reason: 'request_unknown' });
  });

  it('rejects a response in another browser', async () => {
    const { fields } = await provider.answer(await startLogin(harness.client()), 'mentor@gme.example');
    const victim = harness.client();
    await startLogin(victim);
    expect((await postSaml(victim, connectionId, fields)).status).toBe(403);
    expect((await victim.get('/v1/auth/me')).status).toBe(401);
  });

  it("rejects a response for another organization's connection", async () => {
    const other = await connect(await harness.make.organization('gme'));
    const client = harness.client();
    const { fields } = await provider.answer(await startLogin(client), 'mentor@gme.example');
    expect((await postSaml(client, other, fields)).body).toMatchObject({ code: 'sso_failed' });
  });

  it('rejects a modified response without revealing the reason', async () => {
    const client = harness.client();
    const { fields } = await provider.answer(await startLogin(client), 'mentor@gme.example');
    const forged = Buffer.from(fields.SAMLResponse!, 'base64')
      .toString()
      .replaceAll('mentor@gme.example', 'program.director@gme.example');
    const answer = await postSaml(client, connectionId, { SAMLResponse: Buffer.from(forged).toString('base64') });
    expect(answer.body).toMatchObject({ status: 403, code: 'sso_failed' });
    expect(answer.text).not.toMatch(/signature|digest/i);
  });

  it('rejects a user whose groups have no mapped role', async () => {
    expect((await signIn(harness.client(), 'trainee@gme.example')).body).toMatchObject({
      status: 403,
      code: 'sso_failed',
    });
    expect((await failures()).at(-1)).toEqual({ reason: 'role_missing' });
  });

  it('does not take over an account that has a password', async () => {
    const org = await harness.make.organization('gme');
    await harness.make.member(org, 'mentor', { email: 'viewer@workforce.example' });
    const connection = await connect(org, { groupRoles: [{ group: 'workforce:viewer', role: 'mentor' }] });
    const answer = await signIn(harness.client(), 'viewer@workforce.example', connection);
    expect(answer.body).toMatchObject({ status: 409, code: 'sso_account_exists', linkUrl: '/v1/auth/sso-link' });
    expect((await failures(org)).at(-1)).toEqual({ reason: 'account_exists' });
  });

  it("applies a changed group at the next sign-in and ends the member's other sessions", async () => {
    const org = await harness.make.organization('gme');
    const connection = await connect(org, { groupRoles: [{ group: 'workforce:admin', role: 'program_director' }] });
    await harness.make.member(org, 'program_director');
    const before = harness.client();
    expect((await signIn(before, 'admin@workforce.example', connection)).status).toBe(303);
    await harness.database.superuser(
      `UPDATE sso_connections SET group_roles = '[{"group": "workforce:admin", "role": "mentor"}]' WHERE id = $1`,
      [connection],
    );
    const after = harness.client();
    expect((await signIn(after, 'admin@workforce.example', connection)).status).toBe(303);
    expect((await after.get('/v1/auth/me')).body.role).toBe('mentor');
    expect((await before.get('/v1/auth/me')).status).toBe(401);
  });

  it('rejects a redirect to another site', async () => {
    const { status } = await harness.client().get(`/v1/sso/saml/${connectionId}/login?returnTo=//evil.example`);
    expect(status).toBe(400);
  });

  it('returns 404 for a disabled connection, an invalid id, and an unknown id', async () => {
    const off = await connect(orgId);
    await harness.database.superuser('UPDATE sso_connections SET enabled = false WHERE id = $1', [off]);
    for (const id of [off, 'nonsense', '01900000-0000-7000-8000-00000000ffff']) {
      expect((await harness.client().get(`/v1/sso/saml/${id}/metadata`)).status).toBe(404);
    }
  });

  it('publishes metadata with the URLs of this connection', async () => {
    const { text, headers } = await harness.client().get(`/v1/sso/saml/${connectionId}/metadata`);
    expect(headers.get('content-type')).toMatch(/samlmetadata\+xml/);
    expect(text).toContain(`/v1/sso/saml/${connectionId}/acs`);
  });
});

describe('a browser', () => {
  const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

  it('gets a page with the code and the request id for a rejected response', async () => {
    const client = harness.client();
    const { fields } = await provider.answer(await startLogin(client), 'trainee@gme.example');
    for (const posted of [fields, fields, { SAMLResponse: 'bm9uc2Vuc2U=' }]) {
      const answer = await client.post(`/v1/sso/saml/${connectionId}/acs`, undefined, {
        raw: new URLSearchParams(posted).toString(),
        headers: { ...HTML, 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'cross-site' },
      });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([403, 'text/html; charset=utf-8']);
      expect(answer.text).toContain(`sso_failed ${answer.headers.get('x-request-id')}`);
      expect(answer.text).toContain('<a href="/sign-in">');
      expect(answer.text).not.toMatch(/role_missing|request_unknown|signature/i);
    }
  });

  it('gets a page for a rejected logout, an unknown ticket, and an unknown connection', async () => {
    const client = harness.client();
    const paths = [`${connectionId}/logout?SAMLRequest=x`, `${connectionId}/form?ticket=x`, 'nonsense/login'];
    for (const path of paths) {
      const answer = await client.get(`/v1/sso/saml/${path}`, { headers: HTML });
      expect([path, answer.status >= 400, answer.headers.get('content-type')]).toEqual([
        path,
        true,
        'text/html; charset=utf-8',
      ]);
      expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
    }
  });

  it('reaches the account page after a sign-in without a target, and the signed-out page after a logout', async () => {
    const client = harness.client();
    const follow = async (location: string | null) => {
      let answer = await client.get(location!, { headers: HTML });
      while (answer.status === 303) answer = await client.get(answer.headers.get('location')!, { headers: HTML });
      return answer;
    };
    const account = await follow((await signIn(client, 'mentor@gme.example')).headers.get('location'));
    expect([account.status, account.text.includes('mentor@gme.example')]).toEqual([200, true]);
    await client.post('/v1/auth/logout');
    const { headers } = await client.get(`/v1/sso/saml/${connectionId}/logout`, { headers: HTML });
    const signedOut = await follow(headers.get('location'));
    expect([signedOut.status, signedOut.text]).toEqual([200, expect.stringContaining('You are signed out')]);
    expect(signedOut.text).toContain('You are still signed in at ');
  });
});

describe('the setup of connections', () => {
  it('lets only administrators create, change, and delete connections', async () => {
    const director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
    const mentor = await harness.signIn((await harness.make.member(orgId, 'mentor')).email);
    const body = { name: 'Second', metadata: await provider.metadata(), defaultRole: 'trainee' };
    expect((await mentor.post('/v1/sso/connections', body)).status).toBe(403);
    const created = await director.post('/v1/sso/connections', body);
    expect(created.status).toBe(201);
    expect(created.text).not.toMatch(/"[^"]*(db_?secret|hash)[^"]*":/i); // names; a certificate contains any letters
    expect((await director.patch(`/v1/sso/connections/${created.body.id}`, { enabled: false })).body).toMatchObject({
      enabled: false,
    });
    expect((await director.delete(`/v1/sso/connections/${created.body.id}`)).status).toBe(204);
    expect((await director.get(`/v1/sso/connections/${created.body.id}`)).status).toBe(404);
    expect((await director.post('/v1/sso/connections', { ...body, metadata: '<x/>' })).body.code).toBe(
      'invalid_metadata',
    );
    expect((await director.post('/v1/sso/connections', { ...body, defaultRole: 'owner' })).body.code).toBe(
      'unknown_role',
    );
  });
});
