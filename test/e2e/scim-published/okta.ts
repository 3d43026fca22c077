import { expect } from '@jest/globals';
import type { PublishedRequest } from '../../harness/published-requests.js';
import { ERROR, GROUP, LIST, patchOf, USER, workAddress } from './bodies.js';

const PATCH_ANSWER = 'RFC 7644 §3.5.2; Okta accepts 204';

const basic = (userName: string) => ({
  schemas: [USER],
  userName,
  name: { givenName: 'Synthetic', familyName: 'Okta' },
  emails: workAddress(userName),
  displayName: 'Synthetic Okta',
  active: true,
});
const complete = (userName: string, more: object = {}) => ({
  ...basic(userName),
  name: { givenName: 'Synthetic', middleName: '', familyName: 'Okta' },
  emails: [{ primary: true, value: userName, type: 'work', display: userName }],
  locale: 'en-US',
  externalId: 'okta-1',
  groups: [],
  password: 'Not-Kept-1',
  ...more,
});
const shownUser = {
  name: { familyName: 'Okta', givenName: 'Synthetic' },
  userName: 'existing@dir.example',
  active: true,
  emails: [{ value: 'existing@dir.example' }],
};
const empty = () => ({ schemas: [LIST], totalResults: 0 });
const rejected = (status: string) => ({ schemas: [ERROR], status, detail: expect.any(String) as unknown });

/** Okta's published test suite for SCIM 2.0. The suite expects that a user exists. Its limit of time is not checked. */
export const OKTA_SUITE: readonly PublishedRequest[] = [
  {
    name: 'Test Users endpoint',
    send: 'GET /Users?count=1&startIndex=1',
    expects: 200,
    has: () => ({ schemas: [LIST], itemsPerPage: 1, startIndex: 1, totalResults: 1, Resources: [shownUser] }),
  },
  { name: 'Get Users/{{id}}', send: 'GET /Users/{existing}', expects: 200, has: () => shownUser },
  {
    name: 'Test invalid User by username',
    send: 'GET /Users?filter=userName eq "absent@dir.example"',
    expects: 200,
    has: empty,
  },
  {
    name: 'Test invalid User by ID',
    send: 'GET /Users/00u-unknown',
    expects: 404,
    has: () => ({ schemas: [ERROR], detail: expect.any(String) as unknown }),
  },
  {
    name: "Make sure random user doesn't exist",
    send: 'GET /Users?filter=userName eq "random@dir.example"',
    expects: 200,
    has: empty,
  },
  {
    name: 'Create Okta user with realistic values',
    send: 'POST /Users',
    body: () => basic('random@dir.example'),
    expects: 201,
    has: () => ({
      schemas: [USER],
      active: true,
      userName: 'random@dir.example',
      name: { familyName: 'Okta', givenName: 'Synthetic' },
    }),
    keep: 'random',
  },
  {
    name: 'Verify that user was created',
    send: 'GET /Users/{random}',
    expects: 200,
    has: () => ({ userName: 'random@dir.example', name: { familyName: 'Okta', givenName: 'Synthetic' } }),
  },
  {
    name: 'Expect failure when recreating user with same values',
    send: 'POST /Users',
    body: () => basic('random@dir.example'),
    expects: 409,
  },
  {
    name: 'Username Case Sensitivity Check',
    send: 'GET /Users?filter=userName eq "RANDOM@dir.example"',
    expects: 200,
    has: () => ({ totalResults: 1 }),
  },
  { name: 'Verify Groups endpoint', send: 'GET /Groups', expects: 200 },
  {
    name: 'Check status 401',
    send: 'GET /Users?filter=userName eq "RANDOM@dir.example"',
    authorization: 'non-token',
    expects: 401,
    has: () => rejected('401'),
  },
  { name: 'Check status 404', send: 'GET /Users/00919288221112222', expects: 404, has: () => rejected('404') },
];

const patchGroup = (name: string, operations: (known: Record<string, string>) => object[]): PublishedRequest => ({
  name,
  send: 'PATCH /Groups/{group}',
  body: (known) => patchOf(...operations(known)),
  expects: 200,
  differs: { status: 204, section: PATCH_ANSWER },
});
const patchUser = (name: string, value: object): PublishedRequest => ({
  name,
  send: 'PATCH /Users/{user}',
  body: () => patchOf({ op: 'replace', value }),
  expects: 200,
  differs: { status: 204, section: PATCH_ANSWER },
});

/** The requests of Okta's protocol reference for SCIM 2.0. */
export const OKTA_REFERENCE: readonly PublishedRequest[] = [
  {
    name: 'Determine if the User exists',
    send: 'GET /Users?filter=userName eq "okta@dir.example"&startIndex=1&count=100',
    expects: 200,
    has: () => ({ schemas: [LIST], totalResults: 0, startIndex: 1, itemsPerPage: 0, Resources: [] }),
  },
  {
    name: 'Create the User',
    send: 'POST /Users',
    body: () => complete('okta@dir.example'),
    expects: 201,
    has: () => ({
      externalId: 'okta-1',
      locale: 'en-US',
      displayName: 'Synthetic Okta',
      groups: [],
      emails: [{ display: 'okta@dir.example' }],
    }),
    lacks: ['password'],
    keep: 'user',
  },
  {
    name: 'Create a User who exists',
    send: 'POST /Users',
    body: () => complete('okta@dir.example'),
    expects: 409,
    has: () => rejected('409'),
  },
  { name: 'Retrieve Users', send: 'GET /Users?startIndex=1&count=100', expects: 200, has: () => ({ startIndex: 1 }) },
  { name: 'Retrieve a specific User', send: 'GET /Users/{user}', expects: 200, has: ({ user: id }) => ({ id }) },
  {
    name: 'Update the User (PUT)',
    send: 'PUT /Users/{user}',
    body: ({ user: id }) =>
      complete('okta@dir.example', { id, name: { givenName: 'Another', middleName: 'Middle', familyName: 'Okta' } }),
    expects: 200,
    has: () => ({ name: { givenName: 'Another', middleName: 'Middle', familyName: 'Okta' } }),
  },
  patchUser('Deactivate the User (PATCH)', { active: false }),
  patchUser('Activate the User (PATCH)', { active: true }),
  patchUser('Sync the password (PATCH)', { password: 'Not-Kept-2' }),
  {
    name: 'Create Groups',
    send: 'POST /Groups',
    body: () => ({ schemas: [GROUP], displayName: 'Okta group', members: [] }),
    expects: 201,
    has: () => ({ displayName: 'Okta group', members: [] }),
    keep: 'group',
  },
  {
    name: 'Retrieve Groups',
    send: 'GET /Groups?startIndex=1&count=100',
    expects: 200,
    has: () => ({ totalResults: 1 }),
  },
  {
    name: 'Retrieve Groups by name',
    send: 'GET /Groups?filter=displayName eq "Okta group"&startIndex=1&count=100',
    expects: 200,
    has: () => ({ totalResults: 1, itemsPerPage: 1 }),
  },
  { name: 'Retrieve specific Groups', send: 'GET /Groups/{group}', expects: 200, has: ({ group: id }) => ({ id }) },
  patchGroup('Update a Group name', ({ group: id }) => [{ op: 'replace', value: { id, displayName: 'Okta renamed' } }]),
  patchGroup('Update Group membership', ({ user: value }) => [
    { op: 'remove', path: 'members[value eq "89bb1940-b905-4575-9e7f-6f887cfb368e"]' },
    { op: 'add', path: 'members', value: [{ value, display: 'okta@dir.example' }] },
  ]),
  patchGroup('Replace Group membership', ({ user: value }) => [
    { op: 'replace', path: 'members', value: [{ value, display: 'okta@dir.example' }] },
  ]),
  {
    name: 'Update Group membership (PUT)',
    send: 'PUT /Groups/{group}',
    body: ({ user: value }) => ({
      schemas: [GROUP],
      displayName: 'Okta renamed',
      members: [{ value, display: 'okta@dir.example' }],
    }),
    expects: 200,
    has: ({ user: value }) => ({ displayName: 'Okta renamed', members: [{ value, display: 'Synthetic Okta' }] }),
  },
  { name: 'Delete a Group', send: 'DELETE /Groups/{group}', expects: 204 },
];
