import { GROUP_SCHEMA } from './scim-group.js';
import { MAX_RESULTS } from './scim-query.js';
import { USER_SCHEMA } from './scim-user.js';
import type { Json } from './scim-values.js';

const CONFIG = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';
const RESOURCE_TYPE = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';
const SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:Schema';

/** Returns an attribute of a schema (RFC 7643 section 7), with the most common characteristics as defaults. */
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
  attribute('userName', 'The unique name of the user in the directory.', { required: true, uniqueness: 'server' }),
  attribute('displayName', 'The name that the organization displays for the user.'),
  attribute('name', 'The parts of the name.', {
    type: 'complex',
    subAttributes: [
      attribute('formatted', 'The full name.', READ_ONLY),
      attribute('givenName', 'The given name.'),
      attribute('familyName', 'The family name.'),
    ],
  }),
  attribute('emails', 'The e-mail addresses. The service stores only the primary one.', {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      attribute('value', 'The e-mail address.'),
      attribute('type', 'The type of the e-mail address, such as work.'),
      attribute('primary', 'Whether this is the primary e-mail address.', { type: 'boolean' }),
    ],
  }),
  attribute('active', 'Whether the user can sign in.', { type: 'boolean' }),
  attribute('groups', 'The groups of the user.', {
    type: 'complex',
    multiValued: true,
    ...READ_ONLY,
    subAttributes: [
      attribute('value', 'The id of the group.', { ...READ_ONLY, caseExact: true }),
      attribute('$ref', 'The URL of the group.', { ...READ_ONLY, type: 'reference', referenceTypes: ['Group'] }),
      attribute('display', 'The name of the group.', READ_ONLY),
      attribute('type', 'The type of the membership: always direct.', READ_ONLY),
    ],
  }),
];

const GROUP_ATTRIBUTES: Json[] = [
  attribute('displayName', 'The name of the group. The connection maps it to a role.', {
    required: true,
    uniqueness: 'server',
  }),
  attribute('members', 'The members of the group.', {
    type: 'complex',
    multiValued: true,
    subAttributes: [
      attribute('value', 'The id of the user.', { caseExact: true, mutability: 'immutable' }),
      attribute('$ref', 'The URL of the user.', { type: 'reference', referenceTypes: ['User'], ...READ_ONLY }),
      attribute('display', 'The name of the user.', READ_ONLY),
      attribute('type', 'The type of the member: always User.', { mutability: 'immutable' }),
    ],
  }),
];

/** Returns the capabilities of the service (RFC 7643 section 5). */
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
        description: 'A SCIM token that the organization created for the connection.',
        specUri: 'https://www.rfc-editor.org/rfc/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
  };
}

/** Returns the resource types of the service (RFC 7643 section 6). */
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

/** Returns the schemas of the service (RFC 7643 section 7). */
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
