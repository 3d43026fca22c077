import type { PublishedRequest } from '../../harness/published-requests.js';
import { employee, ENTERPRISE, MAIL_SYNTAX, ONE_ACCOUNT, patchOf, USER, workAddress } from './bodies.js';

const staff = (userName: string, more: object = {}, extension: object = {}) =>
  employee(userName, {
    schemas: [USER, ENTERPRISE],
    locale: 'US',
    userType: 'Employee',
    [ENTERPRISE]: { employeeNumber: '17', organization: 'Synthetic', department: 'Synthetic', ...extension },
    ...more,
  });
const sharing = { emails: workAddress('first@example.com') };
const WINDOW = 'meta.lastModified ge "0001-01-03T00:00:00.0000000Z" and meta.lastModified le "2999-01-01T00:00:00Z"';

/** Microsoft's requests of a provisioning run: `SCIM Inbound.postman_collection.json`, without the token request. */
export const MICROSOFT_INBOUND: readonly PublishedRequest[] = [
  { name: 'Test Connection', send: 'GET /Users?count=1', expects: null },
  {
    name: 'Create Employee',
    send: 'POST /Users',
    body: () => staff('first'),
    expects: 201,
    has: () => ({
      userType: 'Employee',
      locale: 'US',
      schemas: [USER, ENTERPRISE],
      [ENTERPRISE]: { employeeNumber: '17', organization: 'Synthetic', department: 'Synthetic' },
    }),
    keep: 'manager',
    asPublished: {
      body: () => staff('first', { emails: workAddress('2024-01-01T00:00:00Z') }),
      status: 400,
      section: MAIL_SYNTAX,
    },
  },
  {
    name: 'Create Contractor with manager',
    send: 'POST /Users',
    body: ({ manager }) => staff('second', { userType: 'Contractor' }, { manager: { value: manager } }),
    expects: 201,
    has: ({ manager }) => ({
      userType: 'Contractor',
      [ENTERPRISE]: { manager: { value: manager } },
    }),
    keep: 'second',
    asPublished: { body: () => staff('second', sharing), status: 409, section: ONE_ACCOUNT },
  },
  {
    name: 'Create Employee with manager',
    send: 'POST /Users',
    body: ({ second }) => staff('third', { active: false }, { manager: { value: second } }),
    expects: 201,
    keep: 'last',
    asPublished: { body: () => staff('third', sharing), status: 409, section: ONE_ACCOUNT },
  },
  {
    name: 'Create Employee (inactive)',
    send: 'POST /Users',
    body: () => staff('fourth', { active: false }),
    expects: 201,
    has: () => ({ active: false }),
    keep: 'inactive',
    asPublished: { body: () => staff('fourth', sharing), status: 409, section: ONE_ACCOUNT },
  },
  {
    name: 'On Demand',
    send: 'GET /Users?filter=id eq "{last}"',
    expects: null,
    has: ({ last }) => ({ totalResults: 1, Resources: [{ id: last }] }),
  },
  {
    name: 'FullSync (page 1)',
    send: `GET /Users?filter=active eq true and (${WINDOW})&count=5&startIndex=1`,
    expects: 200,
    has: () => ({ totalResults: 2, itemsPerPage: 2, startIndex: 1 }),
  },
  {
    name: 'FullSync (page 2)',
    send: `GET /Users?filter=active eq true and (${WINDOW})&count=5&startIndex=6`,
    expects: 200,
    has: () => ({ totalResults: 2, itemsPerPage: 0, startIndex: 6, Resources: [] }),
  },
  {
    name: 'Update User (lastname)',
    send: 'PATCH /Users/{last}',
    body: () => patchOf({ op: 'replace', path: 'name.familyName', value: 'Changed' }),
    expects: null,
  },
  {
    name: 'Update User (active)',
    send: 'PATCH /Users/{inactive}',
    body: () => patchOf({ op: 'replace', path: 'active', value: true }),
    expects: null,
  },
  {
    name: 'Update User (manager)',
    send: 'PATCH /Users/{last}',
    body: ({ manager }) => patchOf({ op: 'replace', path: `${ENTERPRISE}.manager`, value: manager }),
    expects: null,
  },
  {
    name: 'DeltaSync',
    send: `GET /Users?filter=active eq true and (${WINDOW})&count=100&startindex=0`,
    expects: 200,
    has: () => ({ totalResults: 3 }),
  },
  {
    name: 'DeltaSync 2',
    send: 'GET /Users?filter=(ActiVe eq true) and meta.lastmodified ge "2021-09-23T19:35:41.8420572Z"',
    expects: null,
    text: '{second}',
  },
  { name: 'Delete User 5', send: 'DELETE /Users/{second}', expects: 204 },
  {
    name: 'Get User by ID',
    send: 'GET /Users/{last}',
    expects: null,
    has: ({ manager }) => ({ name: { familyName: 'Changed' }, [ENTERPRISE]: { manager: { value: manager } } }),
  },
  { name: 'Get all users', send: 'GET /Users', expects: null, has: () => ({ totalResults: 3 }) },
];
