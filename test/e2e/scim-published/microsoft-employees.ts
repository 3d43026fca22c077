import { expect } from '@jest/globals';
import type { PublishedRequest } from '../../harness/published-requests.js';
import { employee, ENTERPRISE, ERROR, GROUP, ONE_ACCOUNT, patchOf, USER, workAddress } from './bodies.js';

const QUOTES = 'RFC 7644 §3.4.2.2: text in a filter has quotes';
const MEMBER_ID = 'RFC 7643 §4.2, RFC 7644 §3.12: a member is a resource';

const leader = (more: object = {}) =>
  employee('leader', {
    name: { formatted: 'Synthetic Leader', familyName: 'Leader', givenName: 'Synthetic' },
    ...more,
  });
const moved = [{ country: 'Germany', formatted: '3 Synthetic Way', type: 'work', primary: false }];

/** A creation whose published form has the e-mail address of another user. */
const sharedAddress = (name: string, userName: string, keep: string, more: object = {}): PublishedRequest => ({
  name,
  send: 'POST /Users',
  body: () => employee(userName, more),
  expects: 201,
  keep,
  asPublished: {
    body: () => employee(userName, { ...more, emails: workAddress('emp1@example.com') }),
    status: 409,
    section: ONE_ACCOUNT,
  },
});
const exists = (name: string): PublishedRequest => ({
  name,
  send: 'POST /Users',
  body: () => employee('emp3'),
  expects: 409,
  has: () => ({ schemas: [ERROR], detail: expect.any(String) as unknown }),
});
const patchLeader = (name: string, path: string, value: unknown): PublishedRequest => ({
  name,
  send: 'PATCH /Users/{leader}',
  body: () => patchOf({ op: 'Replace', path, value }),
  expects: 204,
});
const filtered = (name: string, corrected: string, published: string, totalResults: number): PublishedRequest => ({
  name,
  send: `GET /Users?filter=${corrected}`,
  expects: 200,
  has: () => ({ totalResults }),
  asPublished: { send: `GET /Users?filter=${published}`, status: 400, section: QUOTES },
});

const USERS: PublishedRequest[] = [
  {
    name: 'Post user "OMalley"',
    send: 'POST /Users',
    body: () => leader(),
    expects: 201,
    has: () => ({
      userName: 'leader',
      active: true,
      title: 'Synthetic engineer',
      preferredLanguage: 'xh',
      phoneNumbers: [{ type: 'fax' }, { type: 'work', primary: true, value: '000-0002' }],
    }),
    keep: 'leader',
  },
  {
    name: 'Post emp1 with string "True"',
    send: 'POST /Users',
    body: () => employee('emp1', { active: 'True' }),
    expects: 201,
    has: () => ({ active: true }),
    keep: 'emp1',
  },
  {
    name: 'Get all users',
    send: 'GET /Users',
    expects: 200,
    has: () => ({ totalResults: 2 }),
    text: 'leader',
  },
  sharedAddress('Post emp2', 'emp2', 'emp2'),
  sharedAddress('Post emp3', 'emp3', 'emp3'),
  {
    name: 'Post no username',
    send: 'POST /Users',
    body: () => ({ ...employee('x'), userName: undefined }),
    expects: 400,
  },
  { name: 'Post junk', send: 'POST /Users', body: () => '{ "acve": tre, "les": [], ', expects: 400 },
  exists('Post emp3 exists'),
  exists('Post emp3 exists try again'),
  {
    name: 'Put a user no username',
    send: 'PUT /Users/{leader}',
    body: () => ({ ...leader(), userName: undefined, userame: 'leader' }),
    expects: 400,
  },
  {
    name: 'Put a user misspelled attribute',
    send: 'PUT /Users/{leader}',
    body: () => leader({ active: false, addresses: undefined, adreses: moved }),
    expects: 200,
    lacks: ['addresses'],
  },
  sharedAddress('Post enterprise user', 'enterprise', 'enterprise', {
    schemas: [USER, ENTERPRISE],
    [ENTERPRISE]: { Department: 'Synthetic' },
  }),
  patchLeader('Patch user omalley new username', 'userName', 'new-name'),
  patchLeader('patch user omalley active with boolean', 'active', false),
  {
    name: 'get user1',
    send: 'GET /Users/{leader}',
    expects: null,
    has: () => ({ userName: 'new-name', active: false }),
  },
  {
    name: 'Put a user OMalley',
    send: 'PUT /Users/{leader}',
    body: () => leader({ active: false, addresses: moved }),
    expects: 200,
    has: () => ({ userName: 'leader', active: false }),
    text: 'Germany',
  },
  {
    name: 'Paginate',
    send: 'GET /Users?startIndex=1&count=2',
    expects: null,
    has: () => ({ totalResults: 5, itemsPerPage: 2 }),
  },
  {
    name: 'get user attributes',
    send: 'GET /Users?attributes=userName,emails',
    expects: null,
    has: () => ({ totalResults: 5 }),
  },
  exists('Post emp3 exists try again'),
  filtered(
    'filter eq and (val or val)',
    'name.FamilyName eq "Employee" and (emails.Value co "example.com" or emails.Value co "example.org")',
    'name.FamilyName eq Employee and (emails.Value co example.com or emails.Value co example.org)',
    4,
  ),
  filtered('filter starts with', 'userName sw "L"', 'userName sw L', 1),
  filtered(
    'filter greater than',
    'meta.Created gt "2015-10-10T14:38:21.8617979-07:00"',
    'meta.Created gt 2015-10-10T14:38:21.8617979-07:00',
    5,
  ),
];

const addText = (name: string, published: string, keep: string): PublishedRequest => ({
  name,
  send: 'PATCH /Groups/{group}',
  body: (known) => patchOf({ op: 'add', path: 'members', value: known[keep] }),
  expects: 204,
  asPublished: {
    body: () => patchOf({ op: 'add', path: 'members', value: published }),
    status: 400,
    section: MEMBER_ID,
  },
});

const GROUPS: PublishedRequest[] = [
  {
    name: 'Post group',
    send: 'POST /Groups',
    body: () => ({ displayName: 'Synthetic 1', externalId: 'same-for-all', schemas: [GROUP] }),
    expects: 201,
    keep: 'group',
  },
  addText('Group patch add member', 'string id 1', 'emp1'),
  addText('Group patch add member2', 'string id 2', 'emp2'),
  {
    name: 'Get group',
    send: 'GET /Groups/{group}',
    expects: 200,
    has: () => ({ members: [{ type: 'User' }, { type: 'User' }] }),
  },
  {
    name: 'Get group exclude members',
    send: 'GET /Groups/{group}?excludedAttributes=members',
    expects: 200,
    lacks: ['members'],
  },
  {
    name: 'group put',
    send: 'PUT /Groups/{group}',
    body: ({ group }) => ({ id: group, displayName: 'Synthetic 2', externalId: 'other', schemas: [GROUP] }),
    expects: 200,
    has: () => ({ displayName: 'Synthetic 2' }),
  },
];

const TEARDOWN: PublishedRequest[] = [
  ...(
    [
      ['Delete user 1', 'Users/{leader}'],
      ['Delete user 2', 'Users/{emp1}'],
      ['Delete user3 emp2', 'Users/{emp2}'],
      ['Delete user4 emp3', 'Users/{emp3}'],
      ['Delete enterprise user', 'Users/{enterprise}'],
      ['Delete group 1', 'Groups/{group}'],
    ] as const
  ).map(([name, path]): PublishedRequest => ({ name, send: `DELETE /${path}`, expects: 204 })),
  { name: 'Get all users', send: 'GET /Users?attributes=userName', expects: 200, has: () => ({ Resources: [] }) },
  { name: 'Get all groups', send: 'GET /Groups', expects: 200, has: () => ({ Resources: [] }) },
];

/** The part of the collection with long requests, faulty requests, filters, and pages. */
export const EMPLOYEES: readonly PublishedRequest[] = [...USERS, ...GROUPS, ...TEARDOWN];
