import type { NameId, VerifiedAssertion } from './assertion-checks.js';
import { roleOf } from '../sso/role-mapping.js';
import { isEmailAddress, type SsoIdentity } from '../sso/sso-identity.js';
import type { SamlConnection } from './saml-connection.js';
import { FORMAT_EMAIL, FORMAT_TRANSIENT } from './saml-names.js';
import { must } from './saml-refusal.js';

type Attributes = VerifiedAssertion['attributes'];

const EMAIL_NAMES = [
  'mail',
  'email',
  'urn:oid:0.9.2342.19200300.100.1.3',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
];
const DISPLAY_NAMES = [
  'displayName',
  'urn:oid:2.16.840.1.113730.3.1.241',
  'http://schemas.microsoft.com/identity/claims/displayname',
];
export const GROUP_NAMES = [
  'groups',
  'http://schemas.microsoft.com/ws/2008/06/identity/claims/groups',
  'http://schemas.xmlsoap.org/claims/Group',
];
/** Entra ID sends this in place of the groups when a person is in more than 150. */
const GROUPS_LINK = 'http://schemas.microsoft.com/claims/groups.link';
const ENTRA_TENANT = 'http://schemas.microsoft.com/identity/claims/tenantid';
const ENTRA_OBJECT = 'http://schemas.microsoft.com/identity/claims/objectidentifier';

/** All the values of the first of these attributes that is there. */
function valuesOf(attributes: Attributes, names: readonly string[]): readonly string[] {
  const name = names.find((candidate) => (attributes.get(candidate)?.length ?? 0) > 0);
  return name === undefined ? [] : attributes.get(name)!;
}

function single(attributes: Attributes, name: string): string {
  const values = attributes.get(name) ?? [];
  must(values.length === 1 && values[0]!.trim().length > 0, 'subject_attributes_missing', name);
  return values[0]!.trim();
}

function subjectKeyOf(assertion: VerifiedAssertion, connection: SamlConnection): string {
  if (connection.subject === 'entra-object') {
    return JSON.stringify(['entra', single(assertion.attributes, ENTRA_TENANT), single(assertion.attributes, ENTRA_OBJECT)]);
  }
  const { format, nameQualifier, spNameQualifier, value }: NameId = assertion.nameId;
  // A transient name is new at every sign-in: each would make another account of the same person.
  must(format !== FORMAT_TRANSIENT, 'name_id_transient');
  return JSON.stringify(['name-id', format, nameQualifier, spNameQualifier, value]);
}

/** The address, when there is one. Two addresses are refused: which of them would we believe? */
function emailOf({ attributes, nameId }: VerifiedAssertion, connection: SamlConnection): string | undefined {
  const values = valuesOf(attributes, connection.emailAttribute ? [connection.emailAttribute] : EMAIL_NAMES);
  must(values.length <= 1, 'email_multiple');
  const fallback = connection.emailAttribute === undefined && nameId.format === FORMAT_EMAIL ? nameId.value : undefined;
  const email = values[0]?.trim() || fallback;
  must(email === undefined || isEmailAddress(email), 'email_invalid');
  return email;
}

/** The person's groups; refused when the identity provider left them out, since a role would then be guessed. */
function groupsOf(attributes: Attributes, connection: SamlConnection): string[] {
  const groups = valuesOf(attributes, connection.groupAttribute ? [connection.groupAttribute] : GROUP_NAMES);
  must(!attributes.has(GROUPS_LINK) || groups.length > 0 || connection.groupRoles.length === 0, 'groups_truncated');
  return [...new Set(groups)];
}

/**
 * Reads a person out of a verified assertion.
 * @throws SamlRefused when it does not say clearly who this is
 */
export function identityOf(assertion: VerifiedAssertion, connection: SamlConnection): SsoIdentity {
  const groups = groupsOf(assertion.attributes, connection);
  const displayName = valuesOf(assertion.attributes, DISPLAY_NAMES)[0]?.trim().slice(0, 200);
  return {
    subjectKey: subjectKeyOf(assertion, connection),
    email: emailOf(assertion, connection),
    displayName: displayName || undefined,
    groups,
    role: roleOf(connection, groups, assertion.attributes),
    claims: assertion.attributes,
  };
}
