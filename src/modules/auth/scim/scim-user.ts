import { Problem } from '../../../platform/problem/index.js';
import { addressOf, attribute, booleanOf, listOf, objectOf, requiredText, textOf, type Json } from './scim-values.js';

export const USER_SCHEMA = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const MAX_EMAILS = 20;

/** What we keep of a SCIM User; everything else that a directory sends is passed over. */
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
 * Reads a User resource (RFC 7643 section 4.1). Without `active` it is as before, else true. The address is the primary
 * e-mail, else the
 * one for work, else the first, else the userName where that is one. Throws scim_invalid_syntax, scim_invalid_value.
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
    displayName: cut(
      textOf(attribute(user, 'displayName'), 'displayName') ??
        textOf(attribute(name, 'formatted'), 'name.formatted') ??
        fullName({ givenName, familyName }) ??
        userName,
    ),
    givenName,
    familyName,
    ...readAddress(user, userName),
    active: booleanOf(attribute(user, 'active'), 'active') ?? before.active,
  };
}

/**
 * A User resource of the fields, for a patch to be applied to. A name that follows from its parts is left out, so that
 * it follows them further.
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
    ...(displayName !== cut(fullName({ givenName, familyName }) ?? userName) && { displayName }),
    name: { ...(givenName !== null && { givenName }), ...(familyName !== null && { familyName }) },
    emails: [{ value: email, type: emailType, primary: true }],
  };
}

/** Given and family name in one; null without either. */
export function fullName({ givenName, familyName }: Pick<ScimUserFields, 'givenName' | 'familyName'>): string | null {
  return [givenName, familyName].filter((part) => part !== null).join(' ') || null;
}

/** The names of the fields in which two differ. */
export function changedFields(before: ScimUserFields, after: ScimUserFields): string[] {
  return (Object.keys(after) as (keyof ScimUserFields)[]).filter((field) => before[field] !== after[field]);
}

function readAddress(user: Json, userName: string): Pick<ScimUserFields, 'email' | 'emailType'> {
  const given = listOf(attribute(user, 'emails'));
  if (given.length > MAX_EMAILS)
    throw new Problem('scim_invalid_value', { detail: `there are more than ${MAX_EMAILS} emails` });
  const emails = given
    .map((one) => {
      const email = objectOf(one, 'an email');
      const value = attribute(email, 'value');
      const address = addressOf(value);
      if (value !== undefined && value !== '' && address === undefined)
        throw new Problem('scim_invalid_value', { detail: 'emails.value must be an e-mail address' });
      return {
        address,
        type: textOf(attribute(email, 'type'), 'emails.type', 40),
        primary: booleanOf(attribute(email, 'primary'), 'emails.primary') === true,
      };
    })
    .filter(({ address }) => address !== undefined);
  const chosen = emails.findLast(({ primary }) => primary) ?? emails.find(({ type }) => type === 'work') ?? emails[0];
  const email = chosen?.address ?? addressOf(userName);
  if (email === undefined)
    throw new Problem('scim_invalid_value', { detail: 'emails, or a userName that is an e-mail address, is required' });
  return { email, emailType: chosen?.type ?? 'work' };
}

/** The longest name that a membership may have. */
function cut(name: string): string {
  return [...name].slice(0, 200).join('');
}
