import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { Harness } from '../harness/app.js';
import { makeOrganization, type Directory } from '../harness/directory.js';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ERROR = 'urn:ietf:params:scim:api:messages:2.0:Error';

let harness: Harness;
let connectionId: string;
let directory: Directory;
let count = 0;

/** Returns a name that no other test uses. */
const fresh = (word = 'person') => `${word}${(count += 1)}@dir.example`;

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  ({ connectionId, directory } = await makeOrganization(harness));
});
afterAll(() => harness.stop());

const memberOf = async (id: string) =>
  (
    await harness.database.superuser<{ status: string; role: string; name: string; email: string; user_id: string }>(
      `SELECT m.status, m.role, m.name, u.email, m.user_id FROM memberships m JOIN users u ON u.id = m.user_id
         WHERE m.id = $1`,
      [id],
    )
  )[0];

describe('RFC 7644', () => {
  const createUser = () => directory.create('Users', { schemas: [USER], userName: fresh() });

  it('§4: describes its features', async () => {
    expect((await directory.get('ServiceProviderConfig')).body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      etag: { supported: true },
      filter: { supported: true, maxResults: 200 },
    });
    expect((await directory.get('ResourceTypes')).body).toMatchObject({
      totalResults: 2,
      Resources: [{ id: 'User', endpoint: '/Users', schemaExtensions: [{ required: false }] }, { id: 'Group' }],
    });
    expect((await directory.get(`Schemas/${USER}`)).body).toMatchObject({
      id: USER,
      attributes: expect.arrayContaining([expect.objectContaining({ name: 'userName', required: true })]),
    });
    expect((await directory.get('Schemas')).body.totalResults).toBe(3);
  });

  it.each([
    ['POST', 'Bulk'],
    ['GET', 'Me'],
    ['PATCH', 'Me'],
    ['GET', 'Devices'],
    ['GET', 'Users/no-id'],
    ['GET', 'Schemas/none'],
  ])('%s /%s: 404 in the format of §3.12', async (method, path) => {
    const answer = await directory.send(method, path, method === 'GET' ? undefined : {});
    expect(answer).toMatchObject({
      status: 404,
      body: { schemas: [ERROR], status: '404', detail: expect.any(String) },
    });
    expect(answer.headers.get('content-type')).toBe('application/scim+json');
  });

  it('§3.3: rejects a duplicate name: uniqueness, also if another value is invalid', async () => {
    const userName = fresh();
    await directory.create('Users', { userName });
    const other = await directory.create('Users', { userName: fresh() });
    for (const [method, path, body] of [
      ['POST', 'Users', { userName: userName.toUpperCase() }],
      ['POST', 'Users', { userName, emails: [{ value: 'no-address' }] }],
      ['PUT', `Users/${other}`, { userName, active: 'maybe' }],
    ] as const) {
      expect(await directory.send(method, path, body)).toMatchObject({
        status: 409,
        body: { schemas: [ERROR], status: '409', scimType: 'uniqueness' },
      });
    }
    expect((await directory.send('PUT', `Users/${other}`, { active: 'maybe' })).status).toBe(400);
    const displayName = `Once ${count}`;
    await directory.create('Groups', { displayName });
    expect(await directory.send('POST', 'Groups', { displayName })).toMatchObject({
      status: 409,
      body: { scimType: 'uniqueness' },
    });
  });

  it('§3.3: an invalid user with the name of a user of another organization is invalid', async () => {
    const other = await makeOrganization(harness);
    const userName = fresh();
    await other.directory.create('Users', { userName });
    const invalid = { userName, emails: [{ value: 'no-address' }] };
    expect((await directory.send('POST', 'Users', invalid)).status).toBe(400);
  });

  it('RFC 7643 §3.1: two resources can have one externalId', async () => {
    const externalId = fresh();
    for (const body of [{ userName: fresh() }, { userName: fresh() }])
      await directory.create('Users', { ...body, externalId });
    for (const displayName of [fresh(), fresh()]) await directory.create('Groups', { displayName, externalId });
    for (const kind of ['Users', 'Groups'] as const)
      expect((await directory.find(kind, `externalId eq "${externalId}"`)).body.totalResults).toBe(2);
  });

  it('§3.6: a deleted resource is not found and can be created again', async () => {
    const userName = fresh();
    const id = await directory.create('Users', { userName, externalId: userName });
    expect((await directory.send('DELETE', `Users/${id}`)).status).toBe(204);
    for (const method of ['GET', 'DELETE']) expect((await directory.send(method, `Users/${id}`)).status).toBe(404);
    expect(await memberOf(id)).toMatchObject({ status: 'ended' });
    // the same member, reactivated
    expect(await directory.create('Users', { userName, externalId: userName })).toBe(id);
    expect(await memberOf(id)).toMatchObject({ status: 'active', role: 'trainee' });
  });

  it('§3.14: versions', async () => {
    const id = await createUser();
    const { headers } = await directory.get(`Users/${id}`);
    const etag = headers.get('etag')!;
    expect(etag).toMatch(/^W\/"\d+"$/);
    expect((await directory.get(`Users/${id}`, { 'if-none-match': etag })).status).toBe(304);
    const rename = (value: string, tag: string) =>
      directory.patch(`Users/${id}`, [{ op: 'replace', path: 'displayName', value }], { 'if-match': tag });
    const racing = await Promise.all(['One', 'Two', 'Three', 'Four'].map((name) => rename(name, etag)));
    expect(racing.map(({ status }) => String(status)).toSorted()).toEqual(['200', '412', '412', '412']);
    expect(racing.find(({ status }) => status === 412)!.body).toMatchObject({ schemas: [ERROR], status: '412' });
    expect((await directory.get(`Users/${id}`, { 'if-none-match': etag })).status).toBe(200);
    expect((await rename('Five', '*')).status).toBe(200);
    expect((await directory.send('DELETE', `Users/${id}`, undefined, { 'if-match': etag })).status).toBe(412);
    const now = (await directory.get(`Users/${id}`)).headers.get('etag')!;
    expect((await rename('Five', now)).headers.get('etag')).toBe(now); // nothing changed
  });

  it('§3.9: returns the requested attributes', async () => {
    const id = await createUser();
    expect(
      Object.keys((await directory.get(`Users/${id}?attributes=userName,name.givenName`)).body).toSorted(),
    ).toEqual(['id', 'name', 'schemas', 'userName']);
    const { body } = await directory.get(`Users/${id}?excludedAttributes=emails,groups,meta.location`);
    expect([body.emails, body.groups, body.meta.location, body.userName !== undefined]).toEqual([
      undefined,
      undefined,
      undefined,
      true,
    ]);
  });
});

describe('filters', () => {
  let users: string[];
  beforeAll(async () => {
    users = [];
    for (const [name, active] of [
      ['filter-ada', true],
      ['filter-bob', true],
      ['filter-"odd', false],
    ] as const) {
      users.push(
        await directory.create('Users', {
          userName: name,
          externalId: `X-${name}`,
          emails: [{ value: fresh('filter') }],
          name: { familyName: name.slice(7) },
          active,
        }),
      );
    }
  });

  it.each([
    ['userName sw "FILTER-"', [0, 1, 2]],
    ['userName eq "filter-\\"odd"', [2]],
    ['userName co "-a" and active eq true', [0]],
    ['externalId eq "x-filter-ada"', []],
    ['externalId eq "X-filter-ada"', [0]],
    ['userName sw "filter-" and not (name.familyName eq "ada")', [1, 2]],
    ['userName sw "filter-" and (active eq "False" or userName ew "bob")', [1, 2]],
    ['userName sw "filter-" and name.givenName pr', []],
    ['userName gt "filter-b" and userName lt "filter-c"', [1]],
    ['userName sw "filter-" and meta.created gt "2020-01-01T00:00:00Z"', [0, 1, 2]],
    ['userName sw "filter-" and meta.lastModified lt "2020-01-01T00:00:00Z"', []],
    ['USERNAME EQ "filter-ada" OR urn:ietf:params:scim:schemas:core:2.0:User:userName eq "filter-bob"', [0, 1]],
    ['userName sw "filter-" and emails[value ew "@dir.example" and primary eq true]', [0, 1, 2]],
    ['userName sw "filter-" and externalId ne null', [0, 1, 2]],
    ['userName sw "filter-%"', []],
    ['userName sw "filter-" and groups pr', []],
  ] as const)('%s', async (filter, found) => {
    const { status, body } = await directory.find('Users', filter);
    expect([status, body.Resources?.map(({ id }: { id: string }) => id).toSorted()]).toEqual([
      200,
      found.map((i) => users[i]!).toSorted(),
    ]);
  });

  it.each([
    'userName',
    'userName eq',
    'userName eq x',
    'userName xx "y"',
    '(userName eq "x"',
    'password eq "x"',
    '__proto__ eq "x"',
    'constructor.name eq "x"',
    'active gt true',
    'active eq "maybe"',
    'userName eq 5',
    'meta.created gt "yesterday"',
    'meta.created co "2020"',
    'userName eq "x" and',
    'emails[value eq "x"',
    'emails[nothing eq "x"]',
    'groups[role eq "x"]',
    'userName gt null',
    `${'('.repeat(600)}userName eq "x"${')'.repeat(600)}`,
    `userName eq "${'x'.repeat(1_000)}"`,
    Array.from({ length: 60 }, () => 'active pr').join(' or '),
    '',
  ])('%s is rejected: invalidFilter', async (filter) => {
    for (const kind of ['Users', 'Groups'] as const) {
      expect(await directory.find(kind, filter)).toMatchObject({
        status: 400,
        body: { schemas: [ERROR], status: '400', scimType: 'invalidFilter' },
      });
    }
  });
});

describe('hostile input', () => {
  it.each<[string, unknown, number]>([
    ['no object', [], 400],
    ['no JSON', '{', 400],
    ['a field __proto__', '{"userName":"x@dir.example","__proto__":{"active":false}}', 400],
    ['no userName', {}, 400],
    ['a userName that is an array', { userName: ['x'] }, 400],
    ['a displayName that is reversed', { userName: fresh(), displayName: '\u202Egnp.exe' }, 400],
    ['a given name that is invisible', { userName: fresh(), name: { givenName: '\u200B' } }, 400],
    ['a userName of two lines', { userName: 'x\ny@dir.example' }, 400],
    ['a userName too long', { userName: `${'x'.repeat(250)}@dir.example` }, 400],
    ['no e-mail address', { userName: 'not-an-address' }, 400],
    ['an invalid e-mail address', { userName: 'x', emails: [{ value: 'x' }] }, 400],
    ['an invalid value of active', { userName: fresh(), active: 'maybe' }, 400],
    [
      'a thousand emails',
      { userName: fresh(), emails: Array.from({ length: 1_000 }, () => ({ value: 'x@dir.example' })) },
      400,
    ],
    ['emails that are strings', { userName: fresh(), emails: ['x'] }, 400],
    ['a megabyte', { userName: fresh(), title: 'x'.repeat(1_100_000) }, 413],
    ['a NUL', '{"userName":"x\\u0000@dir.example"}', 400],
    ['a depth of a thousand', `{"userName":${'['.repeat(1_000)}${']'.repeat(1_000)}}`, 400],
  ])('%s is rejected in the format of §3.12', async (_what, body, status) => {
    const answer = await directory.send('POST', 'Users', body);
    expect(answer).toMatchObject({ status, body: { schemas: [ERROR], status: String(status) } });
    expect(answer.headers.get('content-type')).toBe('application/scim+json');
  });

  it.each<[string, object[] | object, string | undefined]>([
    ['no operations', [], 'invalidSyntax'],
    [
      'too many operations',
      Array.from({ length: 101 }, () => ({ op: 'replace', path: 'active', value: true })),
      'invalidSyntax',
    ],
    ['an unknown op', [{ op: 'move', path: 'active' }], 'invalidSyntax'],
    ['remove without a path', [{ op: 'remove' }], 'noTarget'],
    ['an invalid path', [{ op: 'replace', path: 'name..x', value: 1 }], 'invalidPath'],
    ['the path __proto__', [{ op: 'replace', path: '__proto__.polluted', value: 1 }], 'invalidPath'],
    ['the path part constructor', [{ op: 'add', path: 'name.constructor', value: 1 }], 'invalidPath'],
    ['a dotted field __proto__', [{ op: 'add', value: { 'name.__proto__': { polluted: 1 } } }], 'invalidPath'],
    [
      'a dotted field within a value',
      [{ op: 'add', path: 'name', value: { 'constructor.prototype.polluted': 1 } }],
      'invalidPath',
    ],
    ['an invalid filter', [{ op: 'replace', path: 'emails[type eq].value', value: 'x' }], 'invalidPath'],
    ['the id', [{ op: 'replace', path: 'id', value: 'x' }], 'mutability'],
    ['no value', [{ op: 'replace', path: 'userName' }], 'invalidValue'],
    ['a path too long', [{ op: 'replace', path: `name.${'x'.repeat(600)}`, value: 1 }], 'invalidPath'],
    [
      'an array that is too long',
      [{ op: 'add', path: 'emails', value: Array.from({ length: 5_000 }, (_, i) => ({ value: `${i}@dir.example` })) }],
      'invalidValue',
    ],
    ['a name that is a string', [{ op: 'replace', path: 'name', value: 'x' }], 'invalidSyntax'],
  ])('a patch with %s is rejected', async (_what, operations, scimType) => {
    const id = await directory.create('Users', { userName: fresh() });
    expect(await directory.patch(`Users/${id}`, operations as object[])).toMatchObject({
      status: 400,
      body: { schemas: [ERROR], scimType },
    });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('members that are unknown in this organization are rejected, even if another organization has them', async () => {
    const other = await makeOrganization(harness);
    const theirs = await other.directory.create('Users', { userName: fresh() });
    for (const value of [theirs, 'unknown', connectionId]) {
      expect(
        await directory.send('POST', 'Groups', { displayName: `Odd ${(count += 1)}`, members: [{ value }] }),
      ).toMatchObject({ status: 400, body: { scimType: 'invalidValue' } });
    }
  });
});

describe('lists', () => {
  it('of a thousand users have stable pages with a constant number of statements each', async () => {
    const other = await makeOrganization(harness);
    await harness.database.superuser(
      `WITH u AS (INSERT INTO users (id, email, scoped_org_id)
         SELECT gen_random_uuid(), 'many' || i || '@dir.example', $1 FROM generate_series(1, 1000) i
           RETURNING id, email),
            m AS (INSERT INTO memberships (org_id, id, user_id, name, role)
              SELECT $1, gen_random_uuid(), id, email, 'trainee' FROM u RETURNING id, name)
       INSERT INTO scim_users (org_id, connection_id, membership_id, user_name, email, email_type, active)
         SELECT $1, $2, id, name, name, 'work', true FROM m`,
      [other.org, other.connectionId],
    );
    const ids: string[] = [];
    const statements = jest.spyOn(harness.api.get(UnitOfWork), 'sql');
    for (let start = 1; start <= 1_001; start += 200) {
      const { body } = await other.directory.get(`Users?startIndex=${start}&count=500`);
      expect(body).toMatchObject({ totalResults: 1_000, startIndex: start, itemsPerPage: start > 1_000 ? 0 : 200 });
      ids.push(...body.Resources.map(({ id }: { id: string }) => id));
    }
    expect(new Set(ids).size).toBe(1_000);
    expect(statements.mock.calls).toHaveLength(5 * 2 + 1); // the page, and the groups of all users on it
    statements.mockRestore();
    expect((await other.directory.get('Users?count=0')).body).toMatchObject({ totalResults: 1_000, Resources: [] });
    expect((await other.directory.get('Users?startIndex=-5&count=-1')).body).toMatchObject({
      totalResults: 1_000,
      startIndex: 1,
      itemsPerPage: 0,
    });
    expect((await other.directory.get('Users?count=x')).status).toBe(400);
    const names = (await other.directory.get('Users?sortBy=userName&sortOrder=descending&count=3')).body.Resources.map(
      ({ userName }: { userName: string }) => userName,
    );
    expect(names).toEqual(['many9@dir.example', 'many99@dir.example', 'many999@dir.example']);
  });
});
