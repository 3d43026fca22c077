import type { PublishedRequest } from '../../harness/published-requests.js';
import { ENTERPRISE, GROUP, MAIL_SYNTAX, ONE_ACCOUNT, patchOf, person, USER, workAddress } from './bodies.js';
import { EMPLOYEES } from './microsoft-employees.js';

const enterprise = (userName: string, more: object = {}) => person(userName, { schemas: [ENTERPRISE, USER], ...more });
const group = (displayName: string, more: object = {}) => ({
  schemas: [GROUP],
  externalId: 'same-for-all',
  displayName,
  members: [],
  ...more,
});

const ENDPOINTS: PublishedRequest[] = [
  { name: 'Get empty Users', send: 'GET /Users', expects: 200 },
  { name: 'Get empty Groups', send: 'GET /Groups', expects: 200 },
  {
    name: 'Get ResourceTypes',
    send: 'GET /ResourceTypes',
    expects: 200,
    has: () => ({ Resources: [{ endpoint: '/Users' }, { endpoint: '/Groups' }] }),
  },
  {
    name: 'Get ServiceProviderConfig',
    send: 'GET /serviceConfiguration',
    expects: 200,
    has: () => ({ patch: { supported: true } }),
  },
  { name: 'Get Schemas', send: 'GET /Schemas', expects: 200, text: 'User Account' },
];

const USERS: PublishedRequest[] = [
  { name: 'Post User', send: 'POST /Users', body: () => person('one'), expects: 201, keep: 'id1' },
  {
    name: 'Post EnterpriseUser',
    send: 'POST /Users',
    body: () => enterprise('two', { [ENTERPRISE]: { Department: 'Synthetic', Manager: { Value: 'Manager' } } }),
    expects: 201,
    has: () => ({ [ENTERPRISE]: { department: 'Synthetic', manager: { value: 'Manager' } } }),
    keep: 'id2',
  },
  { name: 'Get user1', send: 'GET /Users/{id1}', expects: 200, has: ({ id1 }) => ({ id: id1 }) },
  { name: 'Get user2', send: 'GET /Users/{id2}', expects: 200, has: ({ id2 }) => ({ id: id2 }) },
  { name: 'Get User Attributes', send: 'GET /Users?attributes=userName,emails', expects: 200, text: '{id1}' },
  {
    name: 'Get User Filters',
    send: 'GET /Users/?filter=DisplayName eq "Synthetic one"',
    expects: null,
    text: '{id1}',
  },
  {
    name: 'patch user1',
    send: 'PATCH /Users/{id1}',
    body: () => patchOf({ op: 'replace', path: 'userName', value: 'renamed' }),
    expects: null,
  },
  {
    name: 'Get User1 Check Patch',
    send: 'GET /Users/{id1}',
    expects: 200,
    has: ({ id1 }) => ({ id: id1, userName: 'renamed' }),
  },
  {
    name: 'User 2 replace test',
    send: 'PUT /Users/{id2}',
    body: ({ id2 }) =>
      enterprise('two-replaced', { id: id2, name: { formatted: 'New Name', familyName: 'A', givenName: 'B' } }),
    expects: 200,
  },
  {
    name: 'Get user2 Check replace',
    send: 'GET /Users/{id2}',
    expects: 200,
    has: () => ({ name: { formatted: 'New Name' } }),
  },
  { name: 'Delete user1', send: 'DELETE /Users/{id1}', expects: 204 },
  { name: 'Delete user2', send: 'DELETE /Users/{id2}', expects: 204 },
];

const patchMembers = (name: string, operation: (known: Record<string, string>) => object): PublishedRequest => ({
  name,
  send: 'PATCH /Groups/{group1}',
  body: (known) => patchOf(operation(known)),
  expects: null,
});
const addFourth = () =>
  patchMembers('Patch add user4 to group1', ({ id4 }) => ({
    name: 'addMember',
    op: 'add',
    path: 'members',
    value: [{ displayName: 'new User', value: id4 }],
  }));

const GROUPS: PublishedRequest[] = [
  { name: 'Create empty group', send: 'POST /Groups', body: () => group('First'), expects: 201, keep: 'group1' },
  {
    name: 'create user for group 2',
    send: 'POST /Users',
    body: () => enterprise('three'),
    expects: 201,
    keep: 'id3',
  },
  {
    name: 'Create user 4 for group 2',
    send: 'POST /Users',
    body: () => enterprise('four'),
    expects: 201,
    keep: 'id4',
    asPublished: {
      body: () => enterprise('four', { emails: workAddress('three@dir.example') }),
      status: 409,
      section: ONE_ACCOUNT,
    },
  },
  {
    name: 'Create filled group 2',
    send: 'POST /Groups',
    body: ({ id3 }) => group('Second', { members: [{ value: id3, display: 'VP' }] }),
    expects: 201,
    keep: 'group2',
  },
  { name: 'Get Groups', send: 'GET /Groups', expects: 200 },
  { name: 'Create group 3', send: 'POST /Groups', body: () => group('Third'), expects: 201, keep: 'group3' },
  {
    name: 'Put replace group3',
    send: 'PUT /Groups/{group3}',
    body: ({ group3, id3, id4 }) => ({
      schemas: [GROUP],
      id: group3,
      displayName: 'Put',
      members: [
        { value: id3, display: 'VP' },
        { value: id4, display: 'Other' },
      ],
    }),
    expects: 200,
  },
  {
    name: 'Validate group 3',
    send: 'GET /Groups/{group3}',
    expects: 200,
    has: ({ group3 }) => ({ id: group3 }),
    text: '{id3}',
  },
  addFourth(),
  patchMembers('Patch remove user4 to group1', ({ id4 }) => ({ op: 'remove', path: `members[value eq "${id4}"]` })),
  addFourth(),
  {
    name: 'Get group by id (contains `new User`)',
    send: 'GET /Groups/{group1}',
    expects: 200,
    has: ({ group1, id4 }) => ({ id: group1, members: [{ value: id4, display: 'Synthetic four' }] }),
    differs: { status: 200, section: 'RFC 7643 §4.2: members have no `displayName`; the answer has the user’s' },
  },
  patchMembers('Patch remove all users', () => ({ op: 'remove', path: 'members' })),
  { name: 'Get group by id', send: 'GET /Groups/{group1}', expects: 200, has: () => ({ members: [] }) },
  { name: 'Delete user id3', send: 'DELETE /Users/{id3}', expects: 204 },
  { name: 'Delete user id4', send: 'DELETE /Users/{id4}', expects: 204 },
  { name: 'Delete group 1', send: 'DELETE /Groups/{group1}', expects: 204 },
  { name: 'Delete group 2', send: 'DELETE /Groups/{group2}', expects: 204 },
  { name: 'Delete group3', send: 'DELETE /Groups/{group3}', expects: 204 },
];

const COMPLEX: PublishedRequest[] = [
  {
    name: 'create user1',
    send: 'POST /Users',
    body: () => enterprise('five'),
    expects: 201,
    keep: 'id5',
    asPublished: {
      body: () => enterprise('five', { emails: workAddress('no-address') }),
      status: 400,
      section: MAIL_SYNTAX,
    },
  },
  { name: 'create user2', send: 'POST /Users', body: () => enterprise('six'), expects: 201, keep: 'id6' },
  {
    name: 'Get user attributes',
    send: 'GET /Users?attributes=emails[type eq "work"]',
    expects: 200,
    text: 'five@dir.example',
  },
  {
    name: 'Get user via attributes filter',
    send: 'GET /Users?attributes=emails[value eq "five@dir.example"]',
    expects: 200,
    text: 'five@dir.example',
  },
  { name: 'Delete User1', send: 'DELETE /Users/{id5}', expects: 204 },
  { name: 'Delete User2', send: 'DELETE /Users/{id6}', expects: 204 },
];

/** Microsoft's reference requests: `PostmanCollection.json` of AzureAD/SCIMReferenceCode, without the token request. */
export const MICROSOFT_COLLECTION: readonly PublishedRequest[] = [
  ...ENDPOINTS,
  ...USERS,
  ...GROUPS,
  ...COMPLEX,
  ...EMPLOYEES,
];
