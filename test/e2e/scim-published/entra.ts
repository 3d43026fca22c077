import { expect } from '@jest/globals';
import type { PublishedRequest } from '../../harness/published-requests.js';
import { ENTERPRISE, ERROR, GROUP, LIST, patchOf, USER, workAddress } from './bodies.js';

const PATCH_ANSWER = 'RFC 7644 §3.5.2: 204, or 200 with `attributes`';

const user = (userName: string) => ({
  schemas: [USER, ENTERPRISE],
  externalId: 'entra-1',
  userName,
  active: true,
  emails: workAddress(`${userName}@dir.example`),
  meta: { resourceType: 'User' },
  name: { formatted: 'Synthetic Entra', familyName: 'Entra', givenName: 'Synthetic' },
  roles: [],
});
const patchUser = (name: string, expects: number | null, ...operations: object[]): PublishedRequest => ({
  name,
  send: 'PATCH /Users/{user}',
  body: () => patchOf(...operations),
  expects,
  ...(expects === 200 && { differs: { status: 204, section: PATCH_ANSWER } }),
});
const patchGroup = (name: string, operation: (known: Record<string, string>) => object): PublishedRequest => ({
  name,
  send: 'PATCH /Groups/{group}',
  body: (known) => patchOf(operation(known)),
  expects: 204,
});
const check = (has: object): PublishedRequest => ({
  name: '(check)',
  send: 'GET /Users/{user}',
  expects: 200,
  has: () => has,
});

/** The requests of Microsoft's documentation for developers of a SCIM endpoint. */
export const ENTRA_ENDPOINT: readonly PublishedRequest[] = [
  {
    name: 'Create User',
    send: 'POST /Users',
    body: () => user('entra'),
    expects: 201,
    has: () => ({
      userName: 'entra',
      name: { formatted: 'Synthetic Entra', familyName: 'Entra', givenName: 'Synthetic' },
      emails: [{ value: 'entra@dir.example', type: 'work', primary: true }],
    }),
    keep: 'user',
  },
  { name: 'Get User', send: 'GET /Users/{user}', expects: 200, has: ({ user: id }) => ({ id, externalId: 'entra-1' }) },
  {
    name: 'Get User: not found',
    send: 'GET /Users/5171a35d82074e068ce2',
    expects: 404,
    has: () => ({ schemas: [ERROR], status: '404' }),
  },
  {
    name: 'Get User by query',
    send: 'GET /Users?filter=userName eq "entra"',
    expects: 200,
    has: () => ({ schemas: [LIST], totalResults: 1, Resources: [{ userName: 'entra' }] }),
  },
  {
    name: 'Get User by query: zero results',
    send: 'GET /Users?filter=userName eq "non-existent user"',
    expects: 200,
    has: () => ({ totalResults: 0, Resources: [] }),
  },
  {
    name: 'Get User by e-mail address',
    send: 'GET /Users?filter=emails[type eq "work"].value eq "entra@dir.example"',
    expects: null,
    has: () => ({ totalResults: 1 }),
  },
  patchUser(
    'Update User: multi-valued',
    200,
    { op: 'Replace', path: 'emails[type eq "work"].value', value: 'updated@dir.example' },
    { op: 'Replace', path: 'name.familyName', value: 'Updated' },
  ),
  check({ name: { formatted: 'Synthetic Updated' }, emails: [{ value: 'updated@dir.example', primary: true }] }),
  patchUser('Update User: single-valued', 200, { op: 'Replace', path: 'userName', value: 'entra-2@dir.example' }),
  patchUser('Disable User', null, { op: 'Replace', path: 'active', value: false }),
  check({ userName: 'entra-2@dir.example', active: false }),
  {
    name: 'Create Group',
    send: 'POST /Groups',
    body: () => ({
      schemas: [GROUP, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
      externalId: 'entra-group',
      displayName: 'Entra group',
      meta: { resourceType: 'Group' },
    }),
    expects: 201,
    has: () => ({ displayName: 'Entra group', members: [] }),
    keep: 'group',
  },
  {
    name: 'Get Group',
    send: 'GET /Groups/{group}?excludedAttributes=members',
    expects: 200,
    has: () => ({ displayName: 'Entra group' }),
    lacks: ['members'],
  },
  {
    name: 'Get Group by displayName',
    send: 'GET /Groups?excludedAttributes=members&filter=displayName eq "Entra group"',
    expects: 200,
    has: () => ({ totalResults: 1 }),
  },
  patchGroup('Update Group: non-member attributes', () => ({ op: 'Replace', path: 'displayName', value: 'Renamed' })),
  patchGroup('Update Group: add members', ({ user: value }) => ({
    op: 'Add',
    path: 'members',
    value: [{ $ref: null, value }],
  })),
  patchGroup('Update Group: remove members', ({ user: value }) => ({
    op: 'Remove',
    path: 'members',
    value: [{ $ref: null, value }],
  })),
  { name: 'Delete Group', send: 'DELETE /Groups/{group}', expects: 204 },
  {
    name: 'Discover schema',
    send: 'GET /Schemas',
    expects: 200,
    has: () => ({
      totalResults: 3,
      Resources: expect.arrayContaining([expect.objectContaining({ id: ENTERPRISE })]) as object,
    }),
  },
  { name: 'Delete User', send: 'DELETE /Users/{user}', expects: 204 },
];

/** The shapes of a PATCH in Microsoft's notes on compatibility and on attribute mappings. */
export const ENTRA_SHAPES: readonly PublishedRequest[] = [
  { name: '(a user)', send: 'POST /Users', body: () => user('shapes'), expects: 201, keep: 'user' },
  { name: '(a group)', send: 'POST /Groups', body: () => ({ displayName: 'Shapes' }), expects: 201, keep: 'group' },
  patchUser('Disable, as text', null, { op: 'Replace', path: 'active', value: 'False' }),
  check({ active: false }),
  patchUser('Disable, as a boolean', null, { op: 'replace', path: 'active', value: false }),
  patchUser('Add a single-valued text', null, { op: 'Add', path: 'nickName', value: 'Nick' }),
  check({ nickName: 'Nick' }),
  patchUser(
    'Replace several attributes by paths',
    null,
    { op: 'Replace', path: 'displayName', value: 'Path' },
    { op: 'Replace', path: 'emails[type eq "work"].value', value: 'path@dir.example' },
    { op: 'Replace', path: 'name.givenName', value: 'Path' },
    { op: 'Replace', path: 'externalId', value: 'path' },
    { op: 'Replace', path: `${ENTERPRISE}:employeeNumber`, value: '18' },
  ),
  check({ displayName: 'Path', externalId: 'path', [ENTERPRISE]: { employeeNumber: '18' } }),
  patchUser('Replace several attributes without a path', null, {
    op: 'replace',
    value: { displayName: 'Value', 'name.familyName': 'Value', [`${ENTERPRISE}:employeeNumber`]: '19' },
  }),
  check({ displayName: 'Value', name: { familyName: 'Value' }, [ENTERPRISE]: { employeeNumber: '19' } }),
  patchUser('Set the manager', null, {
    op: 'Add',
    path: `${ENTERPRISE}:manager`,
    value: [{ $ref: 'https://other.example', value: 'boss' }],
  }),
  check({ [ENTERPRISE]: { manager: { value: 'boss' } } }),
  patchUser('Remove the manager', null, { op: 'Remove', path: `${ENTERPRISE}:manager` }),
  { ...check({ [ENTERPRISE]: { employeeNumber: '19' } }), lacks: [ENTERPRISE, 'manager'] },
  patchUser('Add a telephone number and a country', null, {
    op: 'Add',
    path: 'phoneNumbers[type eq "work"].value',
    value: '000-0003',
  }),
  patchUser('Add a country', null, { op: 'Add', path: 'addresses[type eq "work"].country', value: 'Germany' }),
  check({
    phoneNumbers: [{ type: 'work', value: '000-0003' }],
    addresses: [{ type: 'work', country: 'Germany' }],
  }),
  patchUser('Set the single role', null, { op: 'Add', path: 'roles[primary eq "True"].value', value: 'Admin' }),
  patchUser('Change the single role', null, { op: 'Replace', path: 'roles[primary eq "True"].value', value: 'User' }),
  check({ roles: [{ primary: true, value: 'User' }] }),
  patchUser('Add roles as JSON text', null, {
    op: 'Add',
    path: 'roles',
    value: [{ value: '{"id":"1","value":"Admin","displayName":"Admin"}' }],
  }),
  check({ roles: [{ value: 'User' }, { value: '{"id":"1","value":"Admin","displayName":"Admin"}' }] }),
  patchGroup('Remove a member by value', ({ user: value }) => ({ op: 'Remove', path: 'members', value: [{ value }] })),
  patchGroup('Remove a member by a filter', ({ user: value }) => ({
    op: 'remove',
    path: `members[value eq "${value}"]`,
  })),
];
