import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { suspend } from '../../src/cli/organizations.js';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { newId } from '../../src/platform/clock/id.js';
import { RawSql, bareVisit, sessionSecret } from '../contract/raw-sql.js';
import { Harness } from '../harness/app.js';
import type { Answer, Client } from '../harness/client.js';
import { Factories } from '../harness/factories.js';
import { IdentityProvider, signInBySaml } from '../harness/identity-provider.js';

let harness: Harness;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
});
afterAll(() => harness.stop());

/** Creates a user who is an owner of two organizations and signs the user in to the first. */
async function createTwoOrgOwner(): Promise<{
  from: string;
  to: string;
  email: string;
  userId: string;
  client: Client;
}> {
  const [from, to] = [await harness.make.organization('gme'), await harness.make.organization('workforce')];
  const email = `two-orgs-${newId()}@test.example`;
  const { userId } = await harness.make.member(from, 'program_director', { email });
  await harness.make.member(to, 'owner', { email });
  return { from, to, email, userId, client: await harness.signIn(email) };
}

const switchTo = (client: Client, orgId: string) => client.post('/v1/auth/organization', { orgId });
const currentOrg = async (client: Client) => (await client.get('/v1/auth/me')).body.organization?.id as string;
const statusAndCode = ({ status, body }: Answer) => [status, body.code];
const latestSession = async (org: string) =>
  (
    await harness.database.superuser<{
      method: string;
      signed_in_at: Date;
      expires_at: Date;
      created_at: Date;
      origin_org_id: string | null;
      revoked_at: Date | null;
    }>('SELECT * FROM sessions WHERE org_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1', [org])
  )[0]!;
const events = (org: string, requestId: string | null) =>
  harness.database.superuser<{ type: string; line: string }>(
    'SELECT type, e::text AS line FROM audit_events e WHERE org_id = $1 AND request_id = $2',
    [org, requestId],
  );

describe('a switch to another organization of the user', () => {
  it("ends the current session and opens one with the user's role there", async () => {
    const { from, to, userId, client } = await createTwoOrgOwner();
    const old = client.cookieHeader;
    const answer = await switchTo(client, to);
    expect([answer.status, answer.body.organizationId]).toEqual([200, to]);
    expect((await client.get('/v1/auth/me')).body).toMatchObject({
      user: { id: userId },
      organization: { id: to },
      role: 'owner',
    });
    expect((await harness.client().get('/v1/auth/me', { headers: { cookie: old } })).status).toBe(401);
    expect((await client.get('/v1/auth/sessions')).body.items).toHaveLength(1);
    expect(await switchTo(client, from).then(({ status }) => status)).toBe(200);
    expect(await currentOrg(client)).toBe(from);
    expect((await latestSession(from)).origin_org_id).toBeNull();
  });

  it('lists the available organizations', async () => {
    const { from, to, client } = await createTwoOrgOwner();
    const { items } = (await client.get('/v1/auth/organizations')).body;
    expect(items.toSorted((a: { current: boolean }) => (a.current ? -1 : 1))).toEqual([
      { id: from, name: expect.any(String), role: 'program_director', current: true, reachable: true },
      { id: to, name: expect.any(String), role: 'owner', current: false, reachable: true },
    ]);
  });

  it('is recorded in both audit logs, and neither names the other organization', async () => {
    const { from, to, client } = await createTwoOrgOwner();
    const requestId = (await switchTo(client, to)).headers.get('x-request-id');
    const [previous, joined] = [await events(from, requestId), await events(to, requestId)];
    expect([previous.map(({ type }) => type), joined.map(({ type }) => type)]).toEqual([
      ['auth.organization_switched'],
      ['auth.signed_in'],
    ]);
    expect(joined[0]!.line).toContain('switch');
    expect([previous[0]!.line.includes(to), joined[0]!.line.includes(from)]).toEqual([false, false]);
  });

  it('is not a new sign-in: method, time, and expiry carry over, and a step-up is still required', async () => {
    const { from, to, client } = await createTwoOrgOwner();
    await harness.database.superuser(
      `UPDATE sessions SET created_at = now() - interval '1 hour', signed_in_at = now() - interval '1 hour',
         expires_at = now() + interval '2 hours' WHERE org_id = $1`,
      [from],
    );
    await harness.database.superuser('UPDATE organizations SET session_hours = 168 WHERE id = $1', [to]);
    const before = await latestSession(from);
    await switchTo(client, to);
    expect(await latestSession(to)).toMatchObject({
      method: 'password',
      signed_in_at: before.signed_in_at,
      expires_at: before.expires_at,
      origin_org_id: from,
    });
    expect(statusAndCode(await client.patch('/v1/organizations/current/sign-in', { requireSso: false }))).toEqual([
      403,
      'step_up_required',
    ]);
    await switchTo(client, from);
    expect((await latestSession(from)).expires_at).toEqual(before.expires_at);
  });

  it('respects the session timeout of the target organization', async () => {
    const { from, to, client } = await createTwoOrgOwner();
    await harness.database.superuser('UPDATE organizations SET session_hours = 1 WHERE id = $1', [to]);
    await switchTo(client, to);
    const { signed_in_at: start, expires_at: end } = await latestSession(to);
    expect(end.getTime() - start.getTime()).toBe(3_600_000);
    await switchTo(client, from);
    await harness.database.superuser(
      `UPDATE sessions SET signed_in_at = now() - interval '61 minutes', expires_at = now() + interval '1 hour'
         WHERE org_id = $1`,
      [from],
    );
    expect(statusAndCode(await switchTo(client, to))).toEqual([403, 'organization_sign_in_required']);
  });

  it('happens once for concurrent requests', async () => {
    const { to, client } = await createTwoOrgOwner();
    const answers = await Promise.all(
      [1, 2, 3, 4].map(() =>
        harness.client().post('/v1/auth/organization', { orgId: to }, { headers: { cookie: client.cookieHeader } }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status !== 200).map(({ status }) => status)).toEqual([401, 401, 401]);
    expect(
      await harness.database.superuser('SELECT 1 FROM sessions WHERE org_id = $1 AND revoked_at IS NULL', [to]),
    ).toHaveLength(1);
  });

  it.each(['auth.organization_switched', 'auth.signed_in'])(
    'fails when %s cannot be written to its audit log',
    async (type) => {
      const { from, to, client } = await createTwoOrgOwner();
      const trigger = async (statement: string) => harness.database.superuser(statement);
      await trigger(
        `CREATE FUNCTION refuse_${type.replace('.', '_')}()
           RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'the audit log rejects writes'; END $$`,
      );
      await trigger(
        `CREATE TRIGGER log_full BEFORE INSERT ON audit_events FOR EACH ROW WHEN (NEW.type = '${type}')
           EXECUTE FUNCTION refuse_${type.replace('.', '_')}()`,
      );
      try {
        expect((await switchTo(client, to)).status).toBe(500);
      } finally {
        await trigger('DROP TRIGGER log_full ON audit_events');
      }
      expect(await currentOrg(client)).toBe(from);
      expect(await harness.database.superuser('SELECT 1 FROM sessions WHERE org_id = $1', [to])).toEqual([]);
    },
  );
});

describe('a session cannot switch to', () => {
  it('an unknown, foreign, former, or suspended organization, with the same 404 response', async () => {
    const { from, email } = await createTwoOrgOwner();
    const [foreign, previous, suspended] = [
      await harness.make.organization(),
      await harness.make.organization(),
      await harness.make.organization(),
    ];
    const { membershipId } = await harness.make.member(previous, 'mentor', { email });
    await harness.database.superuser(`UPDATE memberships SET status = 'ended' WHERE id = $1`, [membershipId]);
    await harness.make.member(suspended, 'mentor', { email });
    await suspend(harness.operator, suspended, 'incident');
    const client = await harness.signIn(email);
    expect(await currentOrg(client)).toBe(from);
    const answers = await Promise.all([newId(), foreign, previous, suspended].map((org) => switchTo(client, org)));
    expect(new Set(answers.map(({ body }) => JSON.stringify({ ...body, requestId: null }))).size).toBe(1);
    expect(statusAndCode(answers[0]!)).toEqual([404, 'not_found']);
    expect((await client.get('/v1/auth/organizations')).body.items).toHaveLength(2);
  });

  it.each([
    ['does not allow passwords', `allowed_sign_in = '{saml}'`],
    ['enforces single sign-on', 'require_sso = true'],
    ['requires MFA', 'require_mfa = true'],
  ])('an organization that %s, and must sign in there', async (_what, setting) => {
    const { to, from, client } = await createTwoOrgOwner();
    await harness.database.superuser(`UPDATE organizations SET ${setting} WHERE id = $1`, [to]);
    expect(statusAndCode(await switchTo(client, to))).toEqual([403, 'organization_sign_in_required']);
    expect(
      (await client.get('/v1/auth/organizations')).body.items.find(({ id }: { id: string }) => id === to).reachable,
    ).toBe(false);
    expect(await currentOrg(client)).toBe(from);
  });

  it('any organization while the password must be changed', async () => {
    const { to, userId, client } = await createTwoOrgOwner();
    await harness.database.superuser('UPDATE users SET must_change_password = true WHERE id = $1', [userId]);
    expect(statusAndCode(await switchTo(client, to))).toEqual([403, 'password_change_required']);
  });

  it('any organization by SQL in its own transaction, without its secret or with another secret', async () => {
    const { to, client } = await createTwoOrgOwner();
    const other = await createTwoOrgOwner();
    const raw = await RawSql.open(harness.env.DATABASE_URL!);
    await raw.enter(sessionSecret(client));
    for (const secret of ['', 'A'.repeat(43), sessionSecret(other.client)]) {
      for (const org of [to, other.to]) {
        const { rows } = await raw.attempt(`SELECT state FROM app.switch_organization($1, $2, ${bareVisit('$3')})`, [
          secret,
          org,
          Buffer.alloc(32),
        ]);
        expect(rows[0]!.state).not.toBe('ok');
      }
      expect((await raw.attempt('SELECT * FROM app.own_organizations($1)', [secret])).rows).toEqual([]);
    }
    await raw.rollback();
    await raw.client.query('BEGIN');
    expect(
      (
        await raw.attempt(`SELECT state FROM app.switch_organization($1, $2, ${bareVisit('$3')})`, [
          sessionSecret(client),
          to,
          Buffer.alloc(32),
        ])
      ).rows,
    ).toEqual([{ state: 'not_found' }]);
    await raw.end();
  });
});

describe('an identity provider of one organization', () => {
  let provider: IdentityProvider;
  beforeAll(async () => {
    provider = await IdentityProvider.start();
  });
  afterAll(() => provider.stop());

  it('opens no membership of the asserted e-mail address in another organization', async () => {
    const [theirs, ours] = [await harness.make.organization('gme'), await harness.make.organization('gme')];
    const director = await harness.signIn((await harness.make.member(ours, 'program_director')).email);
    const email = 'mentor@gme.example';
    expect((await director.post('/v1/memberships', { email, name: 'Synthetic Mentor', role: 'mentor' })).status).toBe(
      201,
    );
    const { id } = await harness.operator.within(theirs, async () =>
      harness.operator.app.get(SsoSetupService).create({
        name: 'Theirs',
        metadata: await provider.metadata(),
        groupRoles: [{ group: 'gme:mentor', role: 'program_director' }],
      }),
    );
    const intruder = harness.client();
    expect((await signInBySaml(provider, intruder, id, email)).status).toBe(303);
    const users = await harness.database.superuser(
      `SELECT u.scoped_org_id FROM users u JOIN memberships m ON m.user_id = u.id WHERE m.org_id IN ($1, $2)
         AND u.email = $3 ORDER BY 1`,
      [theirs, ours, email],
    );
    // The e-mail address is the same, but the users differ.
    expect(users).toEqual([{ scoped_org_id: theirs }, { scoped_org_id: null }]);
    expect((await intruder.get('/v1/auth/organizations')).body.items.map((item: { id: string }) => item.id)).toEqual([
      theirs,
    ]);
    expect(statusAndCode(await switchTo(intruder, ours))).toEqual([404, 'not_found']);
    expect(await currentOrg(intruder)).toBe(theirs);
    for (const password of [Factories.PASSWORD, 'Wrong-Password-1']) {
      expect(statusAndCode(await harness.client().post('/v1/auth/login', { email, password }))).toEqual([
        401,
        'invalid_credentials',
      ]);
    }
    expect(
      await harness.database.superuser(
        'SELECT 1 FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.org_id = $1 AND u.email = $2',
        [ours, email],
      ),
    ).toEqual([]);
  });

  it('neither takes over nor blocks the account with that e-mail address in another organization', async () => {
    const [theirs, ours] = [await harness.make.organization('gme'), await harness.make.organization('gme')];
    const email = 'program.director@gme.example';
    const { userId } = await harness.make.member(ours, 'program_director', { email });
    const { id } = await harness.operator.within(theirs, async () =>
      harness.operator.app.get(SsoSetupService).create({
        name: 'Theirs',
        metadata: await provider.metadata(),
        groupRoles: [{ group: 'gme:program_director', role: 'mentor' }],
      }),
    );
    const client = harness.client();
    expect((await signInBySaml(provider, client, id, email)).status).toBe(303);
    expect((await client.get('/v1/auth/me')).body).toMatchObject({ organization: { id: theirs }, role: 'mentor' });
    expect((await client.get('/v1/auth/me')).body.user.id).not.toBe(userId);
    expect(statusAndCode(await switchTo(client, ours))).toEqual([404, 'not_found']);
    expect((await (await harness.signIn(email)).get('/v1/auth/me')).body).toMatchObject({
      user: { id: userId },
      organization: { id: ours },
    });
  });

  it('is not linked without a proof to a used account of its own organization', async () => {
    const org = await harness.make.organization('gme');
    const email = 'program.director@gme.example';
    await harness.make.member(org, 'program_director', { email: email.replace('program', 'other') });
    const { id } = await harness.operator.within(org, async () =>
      harness.operator.app.get(SsoSetupService).create({
        name: 'Own',
        metadata: await provider.metadata(),
        groupRoles: [{ group: 'gme:program_director', role: 'mentor' }],
      }),
    );
    await harness.database.superuser(
      `INSERT INTO memberships (org_id, id, user_id, name, role)
         SELECT $1, gen_random_uuid(), id, 'Synthetic', 'mentor' FROM users WHERE email = $2 AND scoped_org_id IS NULL`,
      [org, email],
    );
    expect(statusAndCode(await signInBySaml(provider, harness.client(), id, email))).toEqual([
      409,
      'sso_account_exists',
    ]);
  });
});
