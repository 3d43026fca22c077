import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Harness } from '../harness/app.js';
import { makeOrganization, type Directory } from '../harness/directory.js';
import { ENTERPRISE, patchOf } from './scim-published/bodies.js';

let harness: Harness;
let org: string;
let directory: Directory;
let users: string[];

const PEOPLE = [
  {
    userName: 'ada@dir.example',
    title: 'Senior physician',
    name: { givenName: 'Ada', familyName: 'A', middleName: 'M' },
    addresses: [{ type: 'work', country: 'Germany', formatted: 'One\nTwo', primary: true }, { type: 'home' }],
    phoneNumbers: [{ type: 'mobile', value: '111' }],
    [ENTERPRISE]: { department: 'Surgery', employeeNumber: '9', manager: { value: 'boss' } },
  },
  {
    userName: 'bob@dir.example',
    title: 'physician',
    addresses: [{ type: 'home', country: 'Germany' }],
    roles: [{ value: 'x', primary: 'False' }],
    [ENTERPRISE]: { department: 'Radiology', employeeNumber: '17' },
  },
  { userName: 'cy@dir.example' },
];

beforeAll(async () => {
  harness = await Harness.start({ takeJobs: false });
  ({ org, directory } = await makeOrganization(harness));
  users = [];
  for (const person of PEOPLE) users.push(await directory.create('Users', person));
});
afterAll(() => harness.stop());

const indexesOf = (resources: { id: string }[]) => resources.map(({ id }) => users.indexOf(id));
/** Returns the people of a list in the order of `PEOPLE`. */
const foundIn = (resources: { id: string }[] = []) =>
  PEOPLE.map((_, index) => index).filter((index) => resources.some(({ id }) => id === users[index]));

describe('stored attributes', () => {
  it.each([
    ['title co "PHYSICIAN"', [0, 1]],
    ['title eq "physician" or not (title pr)', [1, 2]],
    ['name.middleName eq "m"', [0]],
    ['name.formatted sw "Ada"', [0]],
    ['addresses pr', [0, 1]],
    ['addresses[type eq "work" and country eq "germany"]', [0]],
    ['addresses.country eq "Germany" and (title sw "s" or title sw "p")', [0, 1]],
    ['addresses[primary eq "True"]', [0]],
    ['addresses[formatted co "two"]', [0]],
    ['phoneNumbers eq "111"', [0]],
    ['phoneNumbers[type eq "mobile"].value eq "111"', [0]],
    ['roles[primary eq false]', [1]],
    [`${ENTERPRISE}:department eq "surgery"`, [0]],
    [`${ENTERPRISE.toUpperCase()}:DEPARTMENT gt "R"`, [0, 1]],
    [`${ENTERPRISE}:manager eq "boss" or ${ENTERPRISE}:manager.value eq "none"`, [0]],
    [`not (${ENTERPRISE}:employeeNumber pr)`, [2]],
  ])('are found by %s', async (filter, found) => {
    const { status, body } = await directory.find('Users', filter);
    expect([status, foundIn(body.Resources), body.totalResults]).toEqual([200, found, found.length]);
  });

  it.each([
    'department eq "Surgery"',
    'addresses eq "x"',
    `${ENTERPRISE} eq "x"`,
    `${ENTERPRISE}:salary pr`,
    'photos pr',
  ])('are not found by %s, which names no attribute: invalidFilter', async (filter) => {
    expect(await directory.find('Users', filter)).toMatchObject({ status: 400, body: { scimType: 'invalidFilter' } });
  });

  it('sort a list', async () => {
    const sorted = async (by: string) =>
      indexesOf((await directory.get(`Users?sortBy=${by}&sortOrder=descending`)).body.Resources);
    expect(await sorted('title')).toEqual([0, 1, 2]);
    expect(await sorted(`${ENTERPRISE}:employeeNumber`)).toEqual([0, 1, 2]);
    expect(await sorted('userName')).toEqual([2, 1, 0]);
  });

  it('are selected by attributes and excludedAttributes, also in the answers to a change', async () => {
    const query = `attributes=${ENTERPRISE}:department,addresses.country`;
    const selected = {
      schemas: expect.arrayContaining([ENTERPRISE]),
      id: users[0],
      addresses: [{ country: 'Germany' }, {}],
      [ENTERPRISE]: { department: 'Surgery' },
    };
    expect((await directory.get(`Users/${users[0]}?${query}`)).body).toEqual(selected);
    expect((await directory.send('PUT', `Users/${users[0]}?${query}`, PEOPLE[0])).body).toEqual(selected);
    const patch = patchOf({ op: 'replace', path: 'title', value: 'Senior physician' });
    expect((await directory.send('PATCH', `Users/${users[0]}?${query}`, patch)).body).toEqual(selected);
    const { body } = await directory.send('POST', 'Users?excludedAttributes=addresses,userName', {
      ...PEOPLE[0],
      userName: 'extra@dir.example',
    });
    expect([body.addresses, body.userName, body.title]).toEqual([undefined, undefined, 'Senior physician']);
    await directory.send('DELETE', `Users/${body.id}`);
  });

  it('survive a change of another attribute, and a change of them is audited by name', async () => {
    const before = (await directory.get(`Users/${users[1]}`)).body;
    const answer = await directory.send(
      'PATCH',
      `Users/${users[1]}`,
      patchOf(
        { op: 'replace', path: `${ENTERPRISE}:department`, value: 'Oncology' },
        { op: 'replace', path: 'addresses[type eq "home"].country', value: 'France' },
      ),
    );
    expect([answer.status, answer.text, answer.headers.get('etag')]).toEqual([204, '', 'W/"2"']);
    const { meta: _old, ...expected } = before;
    const { meta: _new, ...after } = (await directory.get(`Users/${users[1]}`)).body;
    expect(after).toEqual({
      ...expected,
      addresses: [{ type: 'home', country: 'France' }],
      [ENTERPRISE]: { department: 'Oncology', employeeNumber: '17' },
    });
    const [event] = await harness.database.superuser<{ fields: string[] }>(
      `SELECT meta -> 'fields' AS fields FROM audit_events
        WHERE org_id = $1 AND type = 'scim.user_updated' AND target_id = $2`,
      [org, users[1]],
    );
    expect(event!.fields.toSorted()).toEqual(['addresses', 'department']);
  });

  it('give the manager a URL only when the value is the id of a resource', async () => {
    const [first, second] = users;
    const body = { userName: 'cy@dir.example', [ENTERPRISE]: { manager: { value: first } } };
    expect((await directory.send('PUT', `Users/${users[2]}`, body)).body[ENTERPRISE].manager).toEqual({
      value: first,
      $ref: expect.stringMatching(new RegExp(`/scim/v2/Users/${first}$`)),
    });
    expect((await directory.get(`Users/${users[0]}`)).body[ENTERPRISE].manager).toEqual({ value: 'boss' });
    expect(second).not.toBe(first);
  });

  it('end with the SCIM user', async () => {
    const id = await directory.create('Users', { ...PEOPLE[0], userName: 'leaver@dir.example' });
    await directory.send('DELETE', `Users/${id}`);
    const rows = await harness.database.superuser('SELECT 1 FROM scim_users WHERE membership_id = $1', [id]);
    expect(rows).toEqual([]);
    const again = await directory.send('POST', 'Users', { userName: 'leaver@dir.example' });
    expect([again.status, again.body.title, again.body[ENTERPRISE]]).toEqual([201, undefined, undefined]);
  });
});

describe('the first provisioning by several requests at a time', () => {
  it('meets no rate limit: a search, a creation, an update, and a group for each user', async () => {
    const { directory: fresh } = await makeOrganization(harness);
    const group = await fresh.create('Groups', { displayName: 'All' });
    const statuses = new Map<number, number>();
    const count = ({ status }: { status: number }) => statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const names = Array.from({ length: 150 }, (_, i) => `first${i}@dir.example`);
    const one = async (userName: string) => {
      count(await fresh.find('Users', `userName eq "${userName}"`));
      const created = await fresh.send('POST', 'Users', { ...PEOPLE[0], userName });
      count(created);
      const path = `${ENTERPRISE}:manager`;
      count(await fresh.send('PATCH', `Users/${created.body.id}`, patchOf({ op: 'Add', path, value: 'boss' })));
      const value = [{ value: created.body.id as string }];
      count(await fresh.send('PATCH', `Groups/${group}`, patchOf({ op: 'Add', path: 'members', value })));
    };
    const lanes = Array.from({ length: 8 }, async (_, lane) => {
      for (let i = lane; i < names.length; i += 8) await one(names[i]!);
    });
    await Promise.all(lanes);
    expect(Object.fromEntries(statuses)).toEqual({ 200: names.length, 201: names.length, 204: 2 * names.length });
    expect((await fresh.get('Users?count=0')).body.totalResults).toBe(names.length);
    expect((await fresh.get(`Groups/${group}`)).body.members).toHaveLength(names.length);
  });
});
