import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import type { Client } from '../harness/client.js';
import type { Member } from '../harness/factories.js';
import { RawSql, sessionSecret } from '../contract/raw-sql.js';

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

describe("raw SQL as the application's role", () => {
  let raw: RawSql;
  beforeAll(async () => {
    raw = await RawSql.open(harness.env.DATABASE_URL!);
  });
  afterAll(() => raw.end());

  it.each<[string, (id: string) => string]>([
    ['UPDATE', (id) => `UPDATE people SET title = 'x' WHERE id = '${id}'`],
    [
      'UPDATE FROM',
      (id) => `UPDATE people p SET title = 'x' FROM organizations o WHERE o.id = p.org_id AND p.id = '${id}'`,
    ],
    [
      'UPDATE in a CTE',
      (id) =>
        `WITH changed AS (UPDATE people SET title = 'x' WHERE id = '${id}' RETURNING 1) SELECT count(*) FROM changed`,
    ],
    [
      'MERGE',
      (id) =>
        `MERGE INTO people p USING (SELECT '${id}'::uuid AS id) s ON p.id = s.id WHEN MATCHED THEN UPDATE
           SET title = 'x'`,
    ],
    [
      'ON CONFLICT DO UPDATE',
      (id) =>
        `INSERT INTO people (org_id, id, kind, given_name, family_name)
           VALUES ('${orgId}', '${id}', 'trainee', 'S', 'S') ON CONFLICT (org_id, id) DO UPDATE SET title = 'x'`,
    ],
    [
      'UPDATE with another bytea format',
      (id) => `SET LOCAL bytea_output = 'escape'; UPDATE people SET title = 'x' WHERE id = '${id}'`,
    ],
    [
      'UPDATE with another search path',
      (id) => `SET LOCAL search_path = pg_temp, public; UPDATE public.people SET title = 'x' WHERE id = '${id}'`,
    ],
  ])('leaves a readable snapshot and increments the version: %s', async (_what, statement) => {
    const id = await addPerson();
    await raw.enter(sessionSecret(director));
    expect(await raw.attempt(statement(id))).toMatchObject({ code: null });
    await raw.client.query('COMMIT');
    expect(await history(id)).toMatchObject([
      {
        version: 1,
        changedBy: member.membershipId,
        changed: ['title'],
        before: { title: 'Year one', ssn: '***-**-3456', dateOfBirth: '**/**/1990' },
      },
    ]);
    expect((await director.get(`/v1/people/${id}`)).body).toMatchObject({ version: 2, title: 'x' });
  });

  it('leaves no snapshot when it changes nothing', async () => {
    const id = await addPerson();
    await raw.enter(sessionSecret(director));
    expect(
      await raw.attempt(
        `UPDATE people SET title = title, given_name = 'Synthetic', ssn_enc = ssn_enc WHERE id = '${id}'`,
      ),
    ).toMatchObject({ rowCount: 1 });
    await raw.client.query('COMMIT');
    expect(await snapshots(id)).toEqual([]);
    expect((await director.get(`/v1/people/${id}`)).body.version).toBe(1);
  });

  it('cannot set the version, even as a superuser', async () => {
    const id = await addPerson();
    await harness.database.superuser(`UPDATE people SET version = 7, updated_at = 'infinity' WHERE id = $1`, [id]);
    expect((await director.get(`/v1/people/${id}`)).body.version).toBe(1);
    await harness.database.superuser(`UPDATE people SET version = 1, title = 'x' WHERE id = $1`, [id]);
    expect((await director.get(`/v1/people/${id}`)).body.version).toBe(2);
    expect(await history(id)).toMatchObject([{ version: 1, changedBy: null, changed: ['title'] }]);
  });

  it.each([
    'UPDATE people SET version = 1',
    'UPDATE people SET updated_at = now()',
    'UPDATE people SET id = gen_random_uuid()',
    'UPDATE people SET created_at = now()',
    'ALTER TABLE people DISABLE TRIGGER snapshot',
    'ALTER TABLE people DISABLE TRIGGER ALL',
    'DROP TRIGGER snapshot ON people',
    'SET LOCAL session_replication_role = replica',
    `INSERT INTO person_snapshots (org_id, person_id, version, taken_at, changed, before)
       SELECT org_id, id, 99, now(), '{title}', '{}' FROM people`,
  ])('cannot bypass the snapshot: %s', async (statement) => {
    await raw.enter(sessionSecret(director));
    expect((await raw.attempt(statement)).code).toBe('42501');
    await raw.rollback();
  });

  it('reads only the snapshots of people within the scope of person:read-history', async () => {
    const [mine, other] = [await addPerson(), await addPerson()];
    for (const id of [mine, other]) await change(id, { title: 'Year two' });
    const [mentor, trainee] = [
      await harness.make.member(orgId, 'mentor'),
      await harness.make.member(orgId, 'trainee', { personId: mine }),
    ];
    await harness.make.assignment(orgId, mentor.membershipId, mine);
    const outsider = await harness.make.member(await harness.make.organization('gme'), 'program_director');
    const countVisible = async ({ email }: Member) => {
      await raw.enter(sessionSecret(await harness.signIn(email)));
      const { rows } = await raw.attempt('SELECT person_id FROM person_snapshots WHERE person_id = ANY ($1)', [
        [mine, other],
      ]);
      await raw.rollback();
      return rows.length;
    };
    const all = async () => [
      await countVisible(member),
      await countVisible(mentor),
      await countVisible(trainee),
      await countVisible(outsider),
    ];
    expect(await all()).toEqual([2, 0, 0, 0]);
    for (const [{ membershipId }, scope] of [
      [mentor, 'assigned'],
      [trainee, 'own'],
    ] as const) {
      await director.put(`/v1/memberships/${membershipId}/permissions/person:read-history`, { scope });
    }
    expect(await all()).toEqual([2, 1, 1, 0]);
  });
});

describe('a snapshot', () => {
  const CHANGES = [
    'UPDATE person_snapshots SET changed = changed',
    'UPDATE person_snapshots SET before = before WHERE false',
    'DELETE FROM person_snapshots',
    'DELETE FROM person_snapshots USING organizations o WHERE o.id = person_snapshots.org_id',
    'TRUNCATE person_snapshots',
    'TRUNCATE people CASCADE',
    'MERGE INTO person_snapshots s USING (SELECT 1) x ON true WHEN MATCHED THEN DELETE',
    `INSERT INTO person_snapshots SELECT * FROM person_snapshots ON CONFLICT (org_id, person_id, version) DO UPDATE
       SET changed_by = NULL`,
  ];
  const superuserUrl = () => {
    const url = new URL(process.env['TEST_SUPERUSER_DATABASE_URL']!);
    url.pathname = new URL(harness.env.DATABASE_URL!).pathname;
    return url.href;
  };
  const CALLERS: Record<string, () => [url: string, begin: string[]]> = {
    'the application': () => [harness.env.DATABASE_URL!, []],
    'the worker': () => [harness.env.WORKER_DATABASE_URL!, [`SELECT app.enter_organization('${orgId}')`]],
    'the migrator': () => [harness.env.MIGRATOR_DATABASE_URL!, ['SET LOCAL ROLE vouchsafe_owner']],
    'the owner, as if replicating': () => [
      superuserUrl(),
      ['SET LOCAL session_replication_role = replica', 'SET LOCAL ROLE vouchsafe_owner'],
    ],
    'a superuser, as if replicating': () => [superuserUrl(), ['SET LOCAL session_replication_role = replica']],
  };

  it.each(Object.keys(CALLERS))('cannot be changed or removed by %s', async (caller) => {
    const id = await addPerson();
    await change(id, { title: 'Year two' });
    const before = await snapshots(id);
    const [url, begin] = CALLERS[caller]!();
    const raw = await RawSql.open(url);
    if (caller === 'the application') await raw.enter(sessionSecret(director));
    else for (const statement of ['BEGIN', ...begin]) await raw.client.query(statement);
    for (const statement of CHANGES) {
      const { code, message } = await raw.attempt(statement);
      expect([statement, code, message]).toEqual([
        statement,
        '42501',
        expect.stringMatching(/append-only|permission denied/),
      ]);
    }
    await raw.client.query('COMMIT');
    await raw.end();
    expect(before).toHaveLength(1);
    expect(await snapshots(id)).toEqual(before);
  });
});
