import { CORE_ATTRIBUTES, ENTERPRISE_ATTRIBUTES, ENTERPRISE_SCHEMA, USER_SCHEMA } from './scim-attributes.js';
import type { UserAttribute } from './scim-attributes.js';
import { GROUP_SCHEMA } from './scim-group.js';
import { MAX_RESULTS } from './scim-query.js';
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

/** An account has one e-mail address, so the used address of a user is unique in the directory. */
const CHARACTERISTICS: Readonly<Record<string, Json>> = { 'emails.value': { uniqueness: 'server' } };

function declaredAttribute(declared: UserAttribute, prefix = ''): Json {
  const { name, description, type, multiValued = false, parts } = declared;
  return attribute(name, description, {
    multiValued,
    ...(type === 'boolean' && { type }),
    ...(parts !== undefined && {
      type: 'complex',
      subAttributes: parts.map((part) => declaredAttribute(part, `${prefix}${name}.`)),
    }),
    ...CHARACTERISTICS[`${prefix}${name}`],
  });
}

const USER_ATTRIBUTES: Json[] = [
  attribute('userName', 'The unique name of the user in the directory.', { required: true, uniqueness: 'server' }),
  ...CORE_ATTRIBUTES.map((declared) => declaredAttribute(declared)),
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
    { name: 'User', schema: USER_SCHEMA, schemaExtensions: [{ schema: ENTERPRISE_SCHEMA, required: false }] },
    { name: 'Group', schema: GROUP_SCHEMA },
  ].map((type) => ({
    schemas: [RESOURCE_TYPE],
    id: type.name,
    endpoint: `/${type.name}s`,
    ...type,
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${type.name}` },
  }));
}

/** Returns the schemas of the service (RFC 7643 section 7). */
export function schemas(base: string): Json[] {
  return [
    { id: USER_SCHEMA, name: 'User', description: 'User Account', attributes: USER_ATTRIBUTES },
    { id: GROUP_SCHEMA, name: 'Group', description: 'A group of members', attributes: GROUP_ATTRIBUTES },
    {
      id: ENTERPRISE_SCHEMA,
      name: 'EnterpriseUser',
      description: 'Enterprise User',
      attributes: ENTERPRISE_ATTRIBUTES.map((declared) => declaredAttribute(declared)),
    },
  ].map((schema) => ({
    schemas: [SCHEMA],
    ...schema,
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${schema.id}` },
  }));
}
