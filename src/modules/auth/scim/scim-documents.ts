import { GROUP_SCHEMA } from './scim-group.js';
import { MAX_RESULTS } from './scim-query.js';
import { USER_SCHEMA } from './scim-user.js';
import type { Json } from './scim-values.js';

const CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';
const RESOURCE_TYPE = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';
const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema';

/** One attribute of a schema (RFC 7643 section 7), with what holds of most. */
function attribute(name: string, description: string, rest: Json = {}): Json {
  return {
    name,
    type: 'string',
    multiValued: false,
    description,
    required: false,
    caseExact: false,
    mutability: 'readWrite',
    returned: 'default',
    uniqueness: 'none',
    ...rest,
  };
}

const READ_ONLY = { mutability: 'readOnly' } as const;

const USER_ATTRIBUTES: Json[] = [
  attribute('userName', 'Names the user within the directory.', { required: true, uniqueness: 'server' }),
  attribute('displayName', 'What the organization calls the user.'),
  attribute('name', 'The parts of the name.', {
    type: 'complex',
    subAttributes: [
      attribute('formatted', 'The whole name.', READ_ONLY),
      attribute('givenName', 'Given name.'),
      attribute('familyName', 'Family name.'),
    ],
  }),
  attribute('emails', 'One address is kept: the primary one.', {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      attribute('value', 'The address.'),
      attribute('type', 'What it is for, such as work.'),
      attribute('primary', 'Whether it is the one to use.', { type: 'boolean' }),
    ],
  }),
  attribute('active', 'Whether the user may sign in.', { type: 'boolean' }),
  attribute('groups', 'The groups the user is in.', {
    type: 'complex',
    multiValued: true,
    ...READ_ONLY,
    subAttributes: [
      attribute('value', 'The id of the group.', { ...READ_ONLY, caseExact: true }),
      attribute('$ref', 'Its address.', { ...READ_ONLY, type: 'reference', referenceTypes: ['Group'] }),
      attribute('display', 'Its name.', READ_ONLY),
      attribute('type', 'Always direct.', READ_ONLY),
    ],
  }),
];

const GROUP_ATTRIBUTES: Json[] = [
  attribute('displayName', 'Names the group; the connection says which role it stands for.', {
    required: true,
    uniqueness: 'server',
  }),
  attribute('members', 'Who is in the group.', {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      attribute('value', 'The id of the user.', { caseExact: true, mutability: 'immutable' }),
      attribute('$ref', 'The address of the user.', { type: 'reference', referenceTypes: ['User'], ...READ_ONLY }),
      attribute('display', 'The name of the user.', READ_ONLY),
      attribute('type', 'Always User.', { mutability: 'immutable' }),
    ],
  }),
];

/** What the service can do (RFC 7643 section 5). */
export function serviceProviderConfig(base: string): Json {
  return {
    schemas: [CONFIG],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MAX_RESULTS },
    changePassword: { supported: false },
    sort: { supported: true },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'Bearer token',
        description: 'A token of the connection, which its organization makes.',
        specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  };
}

/** RFC 7643 section 6. */
export function resourceTypes(base: string): Json[] {
  return [
    ['User', USER_SCHEMA],
    ['Group', GROUP_SCHEMA],
  ].map(([name, schema]) => ({
    schemas: [RESOURCE_TYPE],
    id: name,
    name,
    endpoint: `/${name}s`,
    schema,
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${name}` },
  }));
}

/** RFC 7643 section 7. */
export function schemas(base: string): Json[] {
  return [
    { id: USER_SCHEMA, name: 'User', description: 'A member of the organization', attributes: USER_ATTRIBUTES },
    { id: GROUP_SCHEMA, name: 'Group', description: 'A group of members', attributes: GROUP_ATTRIBUTES },
  ].map((schema) => ({
    schemas: [SCHEMA],
    ...schema,
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${schema.id}` },
  }));
}
