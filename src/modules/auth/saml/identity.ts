import type { NameId, SamlAttribute, VerifiedAssertion } from './assertion-checks.js';
import { cleanLine } from '../../../platform/http/one-line.js';
import { isMailAddress } from '../../../platform/mail/index.js';
import { roleOf, type SsoIdentity } from '../sso/index.js';
import type { SamlConnection } from './saml-connection.js';
import { elementXml } from './outgoing.js';
import { FORMAT_EMAIL, FORMAT_TRANSIENT, GROUP_NAMES } from './saml-names.js';
import { ensure } from './saml-error.js';
import { withinScopes } from './scopes.js';

const CLAIMS = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims';

/**
 * The default names at Shibboleth, SimpleSAMLphp, Okta, Google, Keycloak, AD FS, and Entra ID; the first match counts.
 */
const EMAIL_NAMES = [
  'mail',
  'email',
  'urn:oid:0.9.2342.19200300.100.1.3',
  'urn:oid:1.2.840.113549.1.9.1',
  `${CLAIMS}/emailaddress`,
  'emailAddress',
  'Email',
];
const DISPLAY_NAMES = [
  'displayName',
  'urn:oid:2.16.840.1.113730.3.1.241',
  'http://schemas.microsoft.com/identity/claims/displayname',
];
const GIVEN_NAMES = ['givenName', 'firstName', 'urn:oid:2.5.4.42', `${CLAIMS}/givenname`];
const FAMILY_NAMES = ['sn', 'surname', 'lastName', 'urn:oid:2.5.4.4', `${CLAIMS}/surname`];
const WHOLE_NAMES = ['cn', 'urn:oid:2.5.4.3'];
/** Entra ID sends this link instead of the groups when a user is in more than 150 groups. */
const GROUPS_LINKS = [
  'http://schemas.microsoft.com/claims/groups.link',
  'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups.link',
];
const ENTRA_TENANT = 'http://schemas.microsoft.com/identity/claims/tenantid';
const ENTRA_OBJECT = 'http://schemas.microsoft.com/identity/claims/objectidentifier';

const MAX_NAME = 200;

type Attributes = readonly SamlAttribute[];

function allNamed(attributes: Attributes, name: string, by: 'name' | 'friendlyName' = 'name'): string[] {
  return attributes.filter((item) => item[by] === name).flatMap(({ values }) => values);
}

/** Returns all values of the first of these attributes that is present. */
function valuesOf(attributes: Attributes, names: readonly string[]): readonly string[] {
  return names.map((name) => allNamed(attributes, name)).find((values) => values.length > 0) ?? [];
}

/**
 * Returns the values of the attribute that the connection names, by its name or its friendly name. Without a configured
 * name, returns those of the first usual attribute.
 */
function named(attributes: Attributes, chosen: string | undefined, usual: readonly string[]): readonly string[] {
  if (chosen === undefined) return valuesOf(attributes, usual);
  const values = allNamed(attributes, chosen);
  return values.length > 0 ? values : allNamed(attributes, chosen, 'friendlyName');
}

function single(attributes: Attributes, name: string): string {
  const values = allNamed(attributes, name);
  ensure(values.length === 1 && values[0]!.trim().length > 0, 'subject_attributes_missing', name);
  return values[0]!.trim();
}

/** Returns a NameID as one text: equal texts mean the same user (saml-core-2.0-os, section 8.3.7). */
export function nameIdKey({ format, nameQualifier, spNameQualifier, value }: NameId): string {
  return JSON.stringify(['name-id', format, nameQualifier, spNameQualifier, value]);
}

/**
 * Returns a NameID as the XML element that the provider sent. A logout request repeats it literally, because Lasso and
 * others compare every attribute and know no defaults.
 */
export function sentNameId({ value, sent }: NameId): string {
  return elementXml('saml:NameID', value, sent);
}

function subjectKeyOf({ attributes, nameId }: VerifiedAssertion, connection: SamlConnection): string {
  if (connection.subject === 'entra-object')
    return JSON.stringify(['entra', single(attributes, ENTRA_TENANT), single(attributes, ENTRA_OBJECT)]);
  // A transient name is new at every sign-in and would create another account for the same user.
  ensure(nameId.format !== FORMAT_TRANSIENT, 'name_id_transient');
  return nameIdKey(nameId);
}

/** Returns the e-mail address. Rejects several addresses, because the choice would be arbitrary. */
function emailOf(attributes: Attributes, nameId: NameId, { emailAttribute }: SamlConnection): string | undefined {
  const values = named(attributes, emailAttribute, EMAIL_NAMES);
  ensure(values.length <= 1, 'email_multiple');
  const fallback = emailAttribute === undefined && nameId.format === FORMAT_EMAIL ? nameId.value : undefined;
  const email = values[0]?.trim() || fallback;
  ensure(email === undefined || isMailAddress(email), 'email_invalid');
  return email;
}

/** Returns the display name: the configured attribute, otherwise a display name, otherwise the parts of the name. */
function displayNameOf(attributes: Attributes, { nameAttribute }: SamlConnection): string | undefined {
  const clean = ([value]: readonly string[]): string | undefined => cleanLine(value ?? '', MAX_NAME);
  const parts = [GIVEN_NAMES, FAMILY_NAMES].flatMap((names) => clean(valuesOf(attributes, names)) ?? []);
  return (
    clean(named(attributes, nameAttribute, DISPLAY_NAMES)) ??
    cleanLine(parts.join(' '), MAX_NAME) ??
    clean(valuesOf(attributes, WHOLE_NAMES))
  );
}

/** Returns the user's groups. Rejects a response without the groups, because the role would be a guess. */
function groupsOf(attributes: Attributes, { groupAttribute, groupRoles }: SamlConnection): string[] {
  const groups = named(attributes, groupAttribute, GROUP_NAMES);
  const truncated = attributes.some(({ name }) => GROUPS_LINKS.includes(name));
  ensure(!truncated || groups.length > 0 || groupRoles.length === 0, 'groups_truncated');
  return [...new Set(groups)];
}

/**
 * Reads the user from a verified assertion.
 * @throws SamlError when the assertion does not identify one user
 */
export function identityOf(assertion: VerifiedAssertion, connection: SamlConnection): SsoIdentity {
  const attributes = withinScopes(assertion.attributes, connection);
  const groups = groupsOf(attributes, connection);
  const claims = new Map(attributes.map(({ name }) => [name, allNamed(attributes, name)]));
  return {
    subjectKey: subjectKeyOf(assertion, connection),
    email: emailOf(attributes, assertion.nameId, connection),
    displayName: displayNameOf(attributes, connection),
    groups,
    role: roleOf(connection, groups, claims),
    claims,
  };
}
