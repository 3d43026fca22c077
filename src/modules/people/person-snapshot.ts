import { maskDateOfBirth, maskSsn, SEALED, type PersonFields, type SealedField } from './person.js';

/** Decrypts a column of the person; null stays null. */
export type Open = (field: SealedField, sealed: Buffer | null) => string | null;

/** An earlier version: identifiers masked, and for contact details only whether they existed. */
export interface FormerRecord extends Required<
  Omit<PersonFields, 'email' | 'phone' | 'address' | 'ssn' | 'dateOfBirth'>
> {
  hasEmail: boolean;
  hasPhone: boolean;
  hasAddress: boolean;
  ssn: string | null;
  dateOfBirth: string | null;
}

/** The columns that the history may show, with their fields. Other columns stay hidden. */
const FIELDS: Readonly<Record<string, keyof PersonFields>> = {
  external_id: 'externalId',
  kind: 'kind',
  given_name: 'givenName',
  family_name: 'familyName',
  title: 'title',
  npi: 'npi',
  status: 'status',
  ...Object.fromEntries(Object.entries(SEALED).map(([field, column]) => [column, field as SealedField])),
};

/** Returns the fields of the given columns in the same order. */
export function changedFields(columns: readonly string[]): (keyof PersonFields)[] {
  return columns.flatMap((column) => (Object.hasOwn(FIELDS, column) ? [FIELDS[column]!] : []));
}

/** Returns the visible part of a snapshot. `to_jsonb` writes bytes as `\\x` and hexadecimal. */
export function formerRecord(before: Readonly<Record<string, unknown>>, open: Open): FormerRecord {
  const known = Object.entries(FIELDS).map(
    ([column, field]) => [field, (before[column] ?? null) as string | null] as const,
  );
  const { email, phone, address, ssn, dateOfBirth, ...plain } = Object.fromEntries(known) as Record<
    keyof PersonFields,
    string | null
  >;
  return {
    ...(plain as Pick<FormerRecord, Exclude<keyof PersonFields, SealedField>>),
    hasEmail: email !== null,
    hasPhone: phone !== null,
    hasAddress: address !== null,
    ssn: maskSsn(open('ssn', bytes(ssn))),
    dateOfBirth: maskDateOfBirth(open('dateOfBirth', bytes(dateOfBirth))),
  };
}

function bytes(text: string | null): Buffer | null {
  return text === null ? null : Buffer.from(text.slice(2), 'hex');
}
