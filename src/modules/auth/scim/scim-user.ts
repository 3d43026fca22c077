import { Problem } from '../../../platform/problem/index.js';
import { attribute, booleanOf, emailOf, listOf, objectOf, requiredText, textOf, type Json } from './scim-values.js';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const MAX_EMAILS = 20;

/** The stored fields of a SCIM User. The service ignores all other fields that a directory sends. */
export interface ScimUserFields {
  userName: string;
  externalId: string | null;
  displayName: string;
  givenName: string | null;
  familyName: string | null;
  email: string;
  emailType: string;
  active: boolean;
}

/**
 * Parses a User resource (RFC 7643 section 4.1). If `active` is missing, keeps the earlier value. Selects the primary
 * e-mail address, otherwise the one for work, otherwise the first, otherwise the userName if it is an e-mail address.
 * Throws `scim_invalid_syntax` or `scim_invalid_value`.
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
    ...readEmail(user, userName),
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
  email,
  emailType,
  active,
}: ScimUserFields): Json {
  return {
    userName,
    active,
    ...(externalId !== null && { externalId }),
    ...(displayName !== truncateName(fullName({ givenName, familyName }) ?? userName) && { displayName }),
    name: { ...(givenName !== null && { givenName }), ...(familyName !== null && { familyName }) },
    emails: [{ value: email, type: emailType, primary: true }],
  };
}

/** Returns the given and the family name as one text, or null when both are null. */
export function fullName({ givenName, familyName }: Pick<ScimUserFields, 'givenName' | 'familyName'>): string | null {
  return [givenName, familyName].filter((part) => part !== null).join(' ') || null;
}

/** Returns the names of the fields that differ. */
export function changedFields(before: ScimUserFields, after: ScimUserFields): string[] {
  return (Object.keys(after) as (keyof ScimUserFields)[]).filter((field) => before[field] !== after[field]);
}

function readEmail(user: Json, userName: string): Pick<ScimUserFields, 'email' | 'emailType'> {
  const entries = listOf(attribute(user, 'emails'));
  if (entries.length > MAX_EMAILS)
    throw new Problem('scim_invalid_value', { detail: `A user can have at most ${MAX_EMAILS} emails.` });
  const emails = entries
    .map((one) => {
      const entry = objectOf(one, 'An entry of emails');
      const value = attribute(entry, 'value');
      const parsed = emailOf(value);
      if (value !== undefined && value !== '' && parsed === undefined)
        throw new Problem('scim_invalid_value', { detail: 'The attribute emails.value must be an e-mail address.' });
      return {
        value: parsed,
        type: textOf(attribute(entry, 'type'), 'emails.type', 40),
        primary: booleanOf(attribute(entry, 'primary'), 'emails.primary') === true,
      };
    })
    .filter(({ value }) => value !== undefined);
  const chosen = emails.findLast(({ primary }) => primary) ?? emails.find(({ type }) => type === 'work') ?? emails[0];
  const email = chosen?.value ?? emailOf(userName);
  if (email === undefined)
    throw new Problem('scim_invalid_value', {
      detail: 'The user must have an entry in emails, or a userName that is an e-mail address.',
    });
  return { email, emailType: chosen?.type ?? 'work' };
}

/** Truncates a name to the maximum length of a membership's name. */
function truncateName(name: string): string {
  return [...name].slice(0, 200).join('');
}
