import { maskDateOfBirth, maskSsn, SEALED, type PersonFields, type SealedField } from './person.js';

/** Opens a sealed column of the person; null stays null. */
export type Open = (field: SealedField, sealed: Buffer | null) => string | null;

/** A record as it was: identifiers masked, and of contact details only whether there were any. */
export interface FormerRecord extends Required<
  Omit<PersonFields, 'email' | 'phone' | 'address' | 'ssn' | 'dateOfBirth'>
> {
  hasEmail: boolean;
  hasPhone: boolean;
  hasAddress: boolean;
  ssn: string | null;
  dateOfBirth: string | null;
}

/** The columns that history knows, with their fields. Any other column stays hidden until somebody adds it here. */
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

/** The fields behind columns, in their order. */
export function changedFields(columns: readonly string[]): (keyof PersonFields)[] {
  return columns.flatMap((column) => (Object.hasOwn(FIELDS, column) ? [FIELDS[column]!] : []));
}

/** What may be shown of a snapshot. Takes the columns as `to_jsonb` writes them: bytes as `\\x` and hexadecimal. */
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
