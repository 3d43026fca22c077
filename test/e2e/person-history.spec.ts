import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { deliver, personEvent } from '../harness/partner.js';
import { walk } from '../harness/walk.js';
import { withoutStamps } from '../harness/without-stamps.js';

const ada = {
  kind: 'trainee',
  givenName: 'Synthetic',
  familyName: 'Ada',
  title: 'Year one',
  email: 'Ada@Test.example',
  phone: '+1 202 555 0100',
  ssn: '000-12-3456',
  dateOfBirth: '1990-02-03',
};

let harness: Harness;
let orgId: string;
let member: Member;
let director: Client;

beforeAll(async () => {
  harness = await Harness.start();
  orgId = await harness.make.organization('gme');
  member = await harness.make.member(orgId, 'program_director');
  director = await harness.signIn(member.email);
});
afterAll(() => harness.stop());

const addPerson = async (fields: object = {}): Promise<string> =>
  (await director.post('/v1/people', { ...ada, ...fields })).body.id;
const change = (id: string, fields: object) => director.patch(`/v1/people/${id}`, fields);
const history = async (id: string, client = director) =>
  (await client.get(`/v1/people/${id}/history`)).body.items as Record<string, any>[];
const snapshots = (id: string) =>
  harness.database.superuser<Record<string, any>>(
    'SELECT * FROM person_snapshots WHERE person_id = $1 ORDER BY version',
    [id],
  );
const updates = (id: string) =>
  harness.database.superuser(
    `SELECT meta FROM audit_events WHERE type = 'person.updated' AND target_id = $1 ORDER BY occurred_at, id`,
    [id],
  );

describe('the history of a person', () => {
  it('returns the masked values before each change, newest first', async () => {
    const id = await addPerson();
    await change(id, { title: 'Year two', ssn: '000-12-9999', phone: null });
    await change(id, { dateOfBirth: '1991-03-04', givenName: 'Other' });
    const { text, body } = await director.get(`/v1/people/${id}/history`);
    const first = {
      externalId: null,
      kind: 'trainee',
      givenName: 'Synthetic',
      familyName: 'Ada',
      title: 'Year one',
      npi: null,
      status: 'active',
      hasEmail: true,
      hasPhone: true,
      hasAddress: false,
      ssn: '***-**-3456',
      dateOfBirth: '**/**/1990',
    };
    expect(body).toEqual({
      items: [
        {
          version: 2,
          takenAt: expect.any(String),
          changedBy: member.membershipId,
          changed: ['dateOfBirth', 'givenName'],
          before: { ...first, title: 'Year two', ssn: '***-**-9999', hasPhone: false },
        },
        {
          version: 1,
          takenAt: expect.any(String),
          changedBy: member.membershipId,
          changed: ['phone', 'ssn', 'title'],
          before: first,
        },
      ],
      nextCursor: null,
    });
    expect(withoutStamps(text)).not.toMatch(/ada@test|555|000-?12|02-03|03-04|_enc|\\x/i);
  });

  it('is paged with cursors that are valid for this person only', async () => {
    const [id, other] = [await addPerson(), await addPerson()];
    for (let year = 2; year <= 6; year += 1) await change(id, { title: `Year ${year}` });
    const items = await walk(director, `/v1/people/${id}/history?limit=2`);
    expect(items.map(({ version }) => version)).toEqual([5, 4, 3, 2, 1]);
    const {
      body: { nextCursor },
    } = await director.get(`/v1/people/${id}/history?limit=2`);
    expect((await director.get(`/v1/people/${other}/history?cursor=${nextCursor}`)).body).toMatchObject({
      status: 400,
      code: 'invalid_request',
    });
  });

  it('records each view', async () => {
    const id = await addPerson();
    await change(id, { title: 'Year two' });
    await history(id);
    expect(
      await harness.database.superuser(
        `SELECT actor_id, meta FROM audit_events WHERE type = 'person.history_viewed' AND target_id = $1`,
        [id],
      ),
    ).toEqual([{ actor_id: member.userId, meta: { entries: 1 } }]);
  });

  it('is limited to the scope of person:read-history, which only staff with org scope have by default', async () => {
    const [mine, other] = [await addPerson(), await addPerson()];
    for (const id of [mine, other]) await change(id, { title: 'Year two' });
    const mentor = await harness.make.member(orgId, 'mentor');
    const trainee = await harness.make.member(orgId, 'trainee', { personId: mine });
    await harness.make.assignment(orgId, mentor.membershipId, mine);
    for (const [{ email, membershipId }, scope] of [
      [mentor, 'assigned'],
      [trainee, 'own'],
    ] as const) {
      const client = await harness.signIn(email);
      expect((await client.get(`/v1/people/${mine}/history`)).status).toBe(403);
      await director.put(`/v1/memberships/${membershipId}/permissions/person:read-history`, { scope });
      await director.put(`/v1/memberships/${membershipId}/permissions/person:read`, { scope: 'org' });
      expect([
        (await client.get(`/v1/people/${mine}/history`)).status,
        (await client.get(`/v1/people/${other}/history`)).status,
      ]).toEqual([200, 404]);
    }
    const [shown] = await history(mine, await harness.signIn(trainee.email));
    expect(Object.keys(shown!).toSorted()).toEqual(['before', 'changed', 'takenAt']);
    expect(shown!.before).not.toHaveProperty('externalId');
  });

  it('names no member when a partner changed the record, and omits changes without effect', async () => {
    const { body: source } = await director.post('/v1/webhook-sources', { name: 'Partner', scheme: 'standard' });
    for (const title of ['Year one', 'Year two', 'Year two']) {
      expect(
        (await deliver(harness.url, source, personEvent('from-partner', { title, ssn: '000-12-3456' }))).status,
      ).toBe(202);
      await harness.settled();
    }
    const [person] = await harness.database.superuser<{ id: string }>(
      `SELECT id FROM people WHERE org_id = $1 AND external_id = 'from-partner'`,
      [orgId],
    );
    expect(await history(person!.id)).toMatchObject([
      { version: 1, changedBy: null, changed: ['title'], before: { title: 'Year one', ssn: '***-**-3456' } },
    ]);
    expect(await updates(person!.id)).toEqual([
      { meta: { fields: ['title'], version: 2 } },
      { meta: { fields: [], version: 2 } },
    ]);
  });

  it('hides a column that was added later but records its changes', async () => {
    const id = await addPerson();
    await harness.database.superuser(`ALTER TABLE people ADD COLUMN nickname text DEFAULT 'planted'`);
    await harness.database.superuser(`UPDATE people SET nickname = 'other', title = 'Year two' WHERE id = $1`, [id]);
    const answers = [
      await director.get(`/v1/people/${id}/history`),
      await director.get(`/v1/people/${id}`),
      await director.get('/v1/people?limit=200'),
    ];
    expect(answers.map(({ text }) => /nickname|planted/.test(text))).toEqual([false, false, false]);
    expect(answers[0]!.body.items).toMatchObject([{ changed: ['title'] }]);
    expect(await snapshots(id)).toMatchObject([{ changed: ['nickname', 'title'], before: { nickname: 'planted' } }]);
    await harness.database.superuser('ALTER TABLE people DROP COLUMN nickname');
  });

  it("loses the encrypted values together with the person's key", async () => {
    const id = await addPerson();
    await change(id, { title: 'Year two' });
    await harness.database.superuser(
      'UPDATE data_keys SET wrapped = NULL, destroyed_at = now() WHERE subject_id = $1',
      [id],
    );
    expect(await history(id)).toMatchObject([
      { before: { ssn: '***-**-****', dateOfBirth: '**/**/****', hasEmail: true } },
    ]);
  });
});

describe('a change', () => {
  it('without effect keeps the version, leaves no snapshot, and is recorded with no fields', async () => {
    const id = await addPerson();
    const before = (await director.get(`/v1/people/${id}`)).body;
    for (const same of [
      {},
      { title: 'Year one' },
      { ssn: '000123456', email: ada.email, address: null },
      { ...ada, version: 1 },
    ]) {
      expect(await change(id, same)).toMatchObject({ status: 200, body: before });
    }
    expect(await snapshots(id)).toEqual([]);
    expect(await updates(id)).toEqual(Array.from({ length: 4 }, () => ({ meta: { fields: [], version: 1 } })));
    expect((await change(id, { title: 'Year one', version: 2 })).body.code).toBe('version_conflict');
  });

  it('is recorded with the changed fields only', async () => {
    const id = await addPerson();
    expect((await change(id, { ...ada, title: 'Year two', email: null })).body).toMatchObject({
      version: 2,
      hasEmail: false,
    });
    expect(await updates(id)).toEqual([{ meta: { fields: ['title', 'email'], version: 2 } }]);
  });

  it('leaves one snapshot for each concurrent update, and one update per version succeeds', async () => {
    const id = await addPerson();
    await Promise.all(Array.from({ length: 5 }, (_, i) => change(id, { title: `At once ${i}` })));
    expect((await snapshots(id)).map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, i) => change(id, { title: `Concurrent ${i}`, version: 6 })),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
  });

  it.each<[string, object]>([
    ['a line break in a name', { familyName: 'Ada\nLovelace' }],
    ['a control character in a title', { title: 'Year\u0007one' }],
    ['a name with a right-to-left override', { givenName: '\u202eadA' }],
    ['an external id of two lines', { externalId: 'a\u2028b' }],
    ['a nonexistent day', { dateOfBirth: '2023-02-29' }],
    ['a date of birth in the future', { dateOfBirth: '2099-01-01' }],
  ])('is rejected with an invalid value: %s', async (_what, fields) => {
    const id = await addPerson();
    expect(await change(id, fields)).toMatchObject({
      status: 400,
      body: { code: 'invalid_request', errors: [{ field: Object.keys(fields)[0] }] },
    });
    expect((await director.post('/v1/people', { ...ada, ...fields })).status).toBe(400);
  });
});
