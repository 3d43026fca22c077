import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Client } from '../harness/client.js';
import { Harness } from '../harness/app.js';
import { connected } from '../harness/database.js';
import { withoutStamps } from '../harness/without-stamps.js';

let harness: Harness;
let director: Client;
let orgId: string;

beforeAll(async () => {
  harness = await Harness.start();
  orgId = await harness.make.organization('gme');
  director = await harness.signIn((await harness.make.member(orgId, 'program_director')).email);
});
afterAll(() => harness.stop());

const ada = {
  kind: 'trainee',
  givenName: 'Synthetic',
  familyName: 'Ada',
  email: 'Ada@Test.example',
  phone: '+1 202 555 0100',
  ssn: '000-12-3456',
  dateOfBirth: '1990-02-03',
};

describe('people', () => {
  it('adds a person and shows identifiers only masked', async () => {
    const created = await director.post('/v1/people', ada);
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      familyName: 'Ada',
      ssn: '***-**-3456',
      dateOfBirth: '**/**/1990',
      hasEmail: true,
      hasAddress: false,
      version: 1,
    });
    expect(withoutStamps(created.text)).not.toMatch(/ada@test|555 0100|000-12|02-03/i);
    const read = await director.get(`/v1/people/${created.body.id}`);
    expect(read.body).toEqual(created.body);
  });

  it('unlocks contact details and records the unlock', async () => {
    const {
      body: { id },
    } = await director.post('/v1/people', ada);
    const contact = await director.get(`/v1/people/${id}/contact`);
    expect(contact.body).toEqual({ id, email: 'Ada@Test.example', phone: '+1 202 555 0100', address: null });
    const events = await harness.database.superuser(
      `SELECT meta FROM audit_events WHERE type = 'person.contact_unlocked' AND target_id = $1`,
      [id],
    );
    expect(events).toEqual([{ meta: { fields: ['email', 'phone'] } }]);
  });

  it('hides contact details, SSN, and date of birth from a superuser', async () => {
    const {
      body: { id },
    } = await director.post('/v1/people', ada);
    const rows = await harness.database.superuser('SELECT p.*, p::text AS whole FROM people p WHERE id = $1', [id]);
    const bytes =
      JSON.stringify(rows) +
      rows
        .map((row) =>
          Object.values(row)
            .map((v) => (Buffer.isBuffer(v) ? v.toString('latin1') : ''))
            .join(),
        )
        .join();
    expect(bytes).not.toMatch(/ada@test|5550100|555 0100|0001234|1990-02-03|19900203/i);
    expect((rows[0]!.ssn_enc as Buffer)[0]).toBe(1);
  });

  it('finds a person by exact e-mail address through the blind index', async () => {
    const {
      body: { id },
    } = await director.post('/v1/people', { ...ada, email: 'unique@test.example' });
    const found = await director.get('/v1/people?email=UNIQUE@test.example');
    expect(found.body.items.map((person: { id: string }) => person.id)).toEqual([id]);
  });

  it('finds no person by e-mail address in an organization without any', async () => {
    const fresh = await harness.signIn(
      (await harness.make.member(await harness.make.organization('gme'), 'program_director')).email,
    );
    expect((await fresh.get('/v1/people?email=unknown@test.example')).body).toEqual({ items: [], nextCursor: null });
  });

  it('returns each person once across pages', async () => {
    const ids: string[] = [];
    let cursor = '';
    do {
      const page = await director.get(`/v1/people?limit=2${cursor && `&cursor=${cursor}`}`);
      ids.push(...page.body.items.map((person: { id: string }) => person.id));
      cursor = page.body.nextCursor ?? '';
    } while (cursor);
    const [{ count }] = (await harness.database.superuser<{ count: string }>(
      'SELECT count(*) FROM people WHERE org_id = $1',
      [orgId],
    )) as [{ count: string }];
    expect(new Set(ids).size).toBe(Number(count));
    expect(ids).toHaveLength(Number(count));
  });

  it('rejects an update of an outdated version', async () => {
    const {
      body: { id },
    } = await director.post('/v1/people', ada);
    expect((await director.patch(`/v1/people/${id}`, { title: 'PGY-2', version: 1 })).body).toMatchObject({
      title: 'PGY-2',
      version: 2,
    });
    expect((await director.patch(`/v1/people/${id}`, { title: 'PGY-3', version: 1 })).body.code).toBe(
      'version_conflict',
    );
  });

  it('rejects a duplicate external id', async () => {
    await director.post('/v1/people', { ...ada, externalId: 'same' });
    expect((await director.post('/v1/people', { ...ada, externalId: 'same' })).body).toMatchObject({
      status: 409,
      code: 'external_id_taken',
    });
  });

  it('shows a mentor the assigned people, and a trainee their own record', async () => {
    const [mine, other] = [await harness.make.person(orgId), await harness.make.person(orgId)];
    const mentor = await harness.make.member(orgId, 'mentor');
    const trainee = await harness.make.member(orgId, 'trainee', { personId: mine });
    const assignmentId = await harness.make.assignment(orgId, mentor.membershipId, mine);
    for (const { email } of [mentor, trainee]) {
      const client = await harness.signIn(email);
      expect((await client.get('/v1/people')).body.items.map((person: { id: string }) => person.id)).toEqual([mine]);
      expect((await client.get(`/v1/people/${mine}`)).status).toBe(200);
      expect((await client.get(`/v1/people/${other}`)).status).toBe(404);
      expect((await client.patch(`/v1/people/${mine}`, { title: 'x' })).status).toBe(403);
    }
    await director.delete(`/v1/assignments/${assignmentId}`);
    const client = await harness.signIn(mentor.email);
    expect((await client.get('/v1/people')).body.items).toEqual([]);
  });

  it('unlocks contact details only in the scope of person:unlock-contact, even with a wider read scope', async () => {
    const [mine, other] = [await harness.make.person(orgId), await harness.make.person(orgId)];
    const trainee = await harness.signIn((await harness.make.member(orgId, 'trainee', { personId: mine })).email);
    await director.put('/v1/roles/trainee/permissions/person:read', { scope: 'org' });
    expect((await trainee.get(`/v1/people/${other}`)).status).toBe(200);
    expect((await trainee.get(`/v1/people/${other}/contact`)).status).toBe(404);
    expect((await trainee.get(`/v1/people/${mine}/contact`)).status).toBe(200);
    await director.delete('/v1/roles/trainee/permissions/person:read');
  });
});

describe('roles', () => {
  it('reject a scope that the permission does not support', async () => {
    const answer = await director.put('/v1/roles/trainee/permissions/audit:read', { scope: 'own' });
    expect(answer.body).toMatchObject({ status: 400, code: 'scope_not_applicable' });
  });

  it('cannot be reduced by a member who does not hold the permission', async () => {
    const mentor = await harness.signIn((await harness.make.member(orgId, 'mentor')).email);
    for (const permission of ['role:update', 'membership:override'])
      await director.put(`/v1/roles/mentor/permissions/${permission}`, { scope: 'org' });
    const answer = await mentor.put('/v1/roles/program_director/permissions/audit:read', { scope: 'none' });
    expect(answer.body).toMatchObject({ status: 403, code: 'insufficient_privileges_to_grant' });
    for (const permission of ['role:update', 'membership:override'])
      await director.delete(`/v1/roles/mentor/permissions/${permission}`);
  });

  it('must leave every permission with at least one member', async () => {
    const answer = await director.put('/v1/roles/program_director/permissions/audit:read', { scope: 'none' });
    expect(answer.body).toMatchObject({ status: 409, code: 'last_owner' });
  });

  it('cannot be changed by raw SQL in the session of a member without the right', async () => {
    const { email, membershipId } = await harness.make.member(orgId, 'trainee');
    const trainee = await harness.signIn(email);
    const secret = (
      JSON.parse(Buffer.from(trainee.cookieHeader.split('.')[1]!, 'base64url').toString()) as { sid: string }
    ).sid;
    const attempt = connected(harness.env.DATABASE_URL!, async (client) => {
      await client.query('BEGIN');
      await client.query('SELECT app.enter_session($1, false)', [secret]);
      await client.query(
        `INSERT INTO member_overrides (org_id, membership_id, permission, scope) VALUES ($1, $2, 'person:read', 'org')`,
        [orgId, membershipId],
      );
    });
    await expect(attempt).rejects.toThrow(/row-level security/);
  });
});
