import { cutText } from '../../../platform/http/one-line.js';
import { readEmails, shownEmails, type ScimEmails } from './scim-emails.js';
import { attribute, booleanOf, objectOf, requiredText, textOf, type Json } from './scim-values.js';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';

/** The stored fields of a SCIM User. The service ignores all other fields that a directory sends. */
export interface ScimUserFields extends ScimEmails {
  userName: string;
  externalId: string | null;
  displayName: string;
  givenName: string | null;
  familyName: string | null;
  active: boolean;
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
  return {
    userName,
    externalId: textOf(attribute(user, 'externalId'), 'externalId'),
    displayName: truncateName(
      textOf(attribute(user, 'displayName'), 'displayName') ??
        textOf(attribute(name, 'formatted'), 'name.formatted') ??
        fullName({ givenName, familyName }) ??
        userName,
    ),
    givenName,
    familyName,
    ...readEmails(user, userName),
    active: booleanOf(attribute(user, 'active'), 'active') ?? before.active,
  };
}

/**
 * Returns a User resource with the fields, as the input of a patch. Omits a displayName that derives from the given and
 * family name, so that it changes with them.
 */
export function patchableUser({
  userName,
  externalId,
  displayName,
  givenName,
  familyName,
  active,
  ...emails
}: ScimUserFields): Json & { emails: Json[] } {
  return {
    userName,
    active,
    ...(externalId !== null && { externalId }),
    ...(displayName !== truncateName(fullName({ givenName, familyName }) ?? userName) && { displayName }),
    name: { ...(givenName !== null && { givenName }), ...(familyName !== null && { familyName }) },
    emails: shownEmails(emails),
  };
}

/** Returns the given and the family name as one text, or null when both are null. */
export function fullName({ givenName, familyName }: Pick<ScimUserFields, 'givenName' | 'familyName'>): string | null {
  return [givenName, familyName].filter((part) => part !== null).join(' ') || null;
}

/** Returns the names of the fields that differ. */
export function changedFields(before: ScimUserFields, after: ScimUserFields): string[] {
  const text = (value: unknown): string => JSON.stringify(value, ['value', 'type', 'primary']); // in this order
  return (Object.keys(after) as (keyof ScimUserFields)[]).filter((field) => text(before[field]) !== text(after[field]));
}

/** Truncates a name to the maximum length of a membership's name. */
function truncateName(name: string): string {
  return cutText(name, 200);
}
