import { isDeepStrictEqual } from 'node:util';
import { cutText } from '../../../platform/http/one-line.js';
import { readEmails, shownEmails, type ScimEmails } from './scim-emails.js';
import { CORE_ATTRIBUTES, ENTERPRISE_SCHEMA } from './scim-attributes.js';
import { readAttributes } from './scim-attribute-values.js';
import { attribute, booleanOf, objectOf, requiredText, textOf, type Json } from './scim-values.js';

/** The stored fields of a SCIM User. The service ignores all other fields that a directory sends. */
export interface ScimUserFields extends ScimEmails {
  userName: string;
  externalId: string | null;
  displayName: string;
  givenName: string | null;
  familyName: string | null;
  active: boolean;
  /** The values without a column of their own, in the form of a User resource. */
  attributes: Json;
}

/**
 * Parses a User resource (RFC 7643 section 4.1). If `active` is missing, keeps the earlier value. Throws
 * `scim_invalid_syntax` or `scim_invalid_value`.
 */
export function readUser(body: unknown, before: { active: boolean } = { active: true }): ScimUserFields {
  const user = objectOf(body);
  const userName = requiredText(attribute(user, 'userName'), 'userName');
  const name = objectOf(attribute(user, 'name') ?? {}, 'name');
  const [givenName, familyName] = [
    textOf(attribute(name, 'givenName'), 'name.givenName', 200),
    textOf(attribute(name, 'familyName'), 'name.familyName', 200),
  ];
  const attributes = withoutDerivedName(readAttributes(user), fullName({ givenName, familyName }));
  return {
    userName,
    externalId: textOf(attribute(user, 'externalId'), 'externalId'),
    displayName: truncateName(
      textOf(attribute(user, 'displayName'), 'displayName') ??
        formattedName(attributes) ??
        fullName({ givenName, familyName }) ??
        userName,
    ),
    givenName,
    familyName,
    ...readEmails(user, userName),
    active: booleanOf(attribute(user, 'active'), 'active') ?? before.active,
    attributes,
  };
}

/**
 * Returns a User resource with the fields, as the input of a patch, which changes it in place. Omits a displayName that
 * derives from the name, so that it changes with it. A list without entries is empty.
 */
export function patchableUser({
  userName,
  externalId,
  displayName,
  givenName,
  familyName,
  active,
  attributes,
  ...emails
}: ScimUserFields): Json & { emails: Json[] } {
  const stored = structuredClone(attributes);
  const derivedName = formattedName(stored) ?? fullName({ givenName, familyName }) ?? userName;
  return {
    ...Object.fromEntries(CORE_ATTRIBUTES.flatMap(({ name, multiValued }) => (multiValued ? [[name, []]] : []))),
    ...stored,
    userName,
    active,
    ...(externalId !== null && { externalId }),
    ...(displayName !== truncateName(derivedName) && { displayName }),
    name: {
      ...(stored['name'] as Json | undefined),
      ...(givenName !== null && { givenName }),
      ...(familyName !== null && { familyName }),
    },
    emails: shownEmails(emails),
  };
}

/** Returns the full name that the directory sent, or undefined when it derives from the given and the family name. */
export function formattedName({ name }: Json): string | undefined {
  return (name as { formatted?: string } | undefined)?.formatted;
}

/** Returns the given and the family name as one text, or null when both are null. */
export function fullName({ givenName, familyName }: Pick<ScimUserFields, 'givenName' | 'familyName'>): string | null {
  return [givenName, familyName].filter((part) => part !== null).join(' ') || null;
}

/** Returns the names of the fields that differ. The extension counts as its attributes. */
export function changedFields(before: ScimUserFields, after: ScimUserFields): string[] {
  const { attributes: old, ...oldFields } = before;
  const { attributes: current, ...fields } = after;
  const [oldValues, values] = [flat(old), flat(current)];
  return [
    ...differing({ ...oldFields }, fields, Object.keys(fields)),
    ...differing(oldValues, values, [...new Set([...Object.keys(oldValues), ...Object.keys(values)])]),
  ];
}

function differing(before: Json, after: Json, names: readonly string[]): string[] {
  return names.filter((name) => !isDeepStrictEqual(before[name], after[name]));
}

function flat({ [ENTERPRISE_SCHEMA]: extension, ...core }: Json): Json {
  return { ...core, ...(extension as Json | undefined) };
}

/** Omits a full name that consists of the given and the family name, so that it changes with them. */
function withoutDerivedName(attributes: Json, derived: string | null): Json {
  if (formattedName(attributes) !== derived) return attributes;
  const { name, ...rest } = attributes;
  const { formatted: _, ...parts } = (name ?? {}) as Json;
  return Object.keys(parts).length === 0 ? rest : { ...rest, name: parts };
}

/** Truncates a name to the maximum length of a membership's name. */
function truncateName(name: string): string {
  return cutText(name, 200);
}
