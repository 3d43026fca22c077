import { Problem } from '../../../platform/problem/index.js';
import { entriesOf } from './scim-attribute-values.js';
import { attribute, booleanOf, emailOf, objectOf, textOf, type Json } from './scim-values.js';

/** The type of the used address if the directory sent none. */
const DEFAULT_TYPE = 'work';

/** An address that a directory sent. `primary` is true only if the directory said so. */
export interface ScimEmail {
  value: string;
  type: string | null;
  primary: boolean;
  /** Missing if the directory sent none. */
  display?: string;
}

/** All addresses of a user, and the one that the application uses. */
export interface ScimEmails {
  emails: readonly ScimEmail[];
  email: string;
  emailType: string;
}

/**
 * Reads the addresses of a User resource. Uses the primary address, otherwise the one for work, otherwise the first,
 * otherwise the userName if it is an e-mail address. Throws `scim_invalid_syntax` or `scim_invalid_value`.
 */
export function readEmails(user: Json, userName: string): ScimEmails {
  const entries = entriesOf(attribute(user, 'emails'), 'emails');
  const emails = entries.flatMap((one) => readEntry(objectOf(one, 'An entry of emails')));
  if (emails.length === 0) emails.push(fromUserName(userName));
  const primary = emails.findLast((one) => one.primary);
  const chosen = primary ?? emails.find(({ type }) => type?.toLowerCase() === 'work') ?? emails[0]!;
  const emailType = chosen.type ?? DEFAULT_TYPE;
  return {
    emails: emails.map((one) => ({
      ...one,
      type: one === chosen ? emailType : one.type,
      primary: one === primary,
    })),
    email: chosen.value,
    emailType,
  };
}

function fromUserName(userName: string): ScimEmail {
  const value = emailOf(userName);
  if (value === undefined)
    throw new Problem('scim_invalid_value', {
      detail: 'The user must have an entry in emails, or a userName that is an e-mail address.',
    });
  return { value, type: DEFAULT_TYPE, primary: false };
}

/** Returns the addresses for a resource. The used one is marked as primary, because RFC 7643 allows one at most. */
export function shownEmails({ emails, email, emailType }: ScimEmails): Json[] {
  const used = usedIndex({ emails, email, emailType });
  if (used === -1) return [{ value: email, type: emailType, primary: true }];
  return emails.map(({ value, type, display }, index) => ({
    value,
    ...(display !== undefined && { display }),
    ...(type !== null && { type }),
    ...(index === used && { primary: true }),
  }));
}

/**
 * Returns the entry of `shownEmails` that is marked as primary although the directory did not say so; undefined when
 * the directory said so. After a patch, the mark must not decide, or an added address for work would never be used.
 */
export function impliedPrimary(shown: readonly Json[], { emails }: ScimEmails): Json | undefined {
  return emails.some(({ primary }) => primary) ? undefined : shown.find(({ primary }) => primary === true);
}

function usedIndex({ emails, email }: ScimEmails): number {
  const primary = emails.findIndex((one) => one.primary);
  return primary === -1 ? emails.findIndex(({ value }) => value === email) : primary;
}

/** Returns an entry with a value, or nothing. */
function readEntry(entry: Json): ScimEmail[] {
  const raw = attribute(entry, 'value');
  if (raw === undefined || raw === '') return [];
  const value = emailOf(raw);
  if (value === undefined)
    throw new Problem('scim_invalid_value', { detail: 'The attribute emails.value must be an e-mail address.' });
  const primary = booleanOf(attribute(entry, 'primary'), 'emails.primary') === true;
  const display = textOf(attribute(entry, 'display'), 'emails.display');
  return [
    {
      value,
      type: textOf(attribute(entry, 'type'), 'emails.type', 40),
      primary,
      ...(display !== null && { display }),
    },
  ];
}
