export const KINDS = ['trainee', 'clinician', 'provider'] as const;
export type Kind = (typeof KINDS)[number];

export const STATUSES = ['active', 'inactive'] as const;
export type Status = (typeof STATUSES)[number];

/** The fields that lie sealed in the database, with their columns. */
export const SEALED = {
  email: 'email_enc',
  phone: 'phone_enc',
  address: 'address_enc',
  dateOfBirth: 'date_of_birth_enc',
  ssn: 'ssn_enc',
} as const;
export type SealedField = keyof typeof SEALED;

export function isSealed(field: string): field is SealedField {
  return Object.hasOwn(SEALED, field);
}

/** What is known of a person, opened. */
export interface PersonFields extends Partial<Record<SealedField, string | null>> {
  externalId?: string | null;
  kind?: Kind;
  givenName?: string;
  familyName?: string;
  title?: string | null;
  npi?: string | null;
  status?: Status;
}

/** The fields as they are stored: of an SSN the digits alone, and nothing that was not given. */
export function normalized(fields: PersonFields): PersonFields {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    given.map(([field, value]) => [
      field,
      field === 'ssn' && value !== null ? String(value).replace(/\D/g, '') : value,
    ]),
  );
}

/** `***-**-1234`; null stays null, and of what is no SSN nothing is shown. */
export function maskSsn(ssn: string | null): string | null {
  if (ssn === null) return null;
  const digits = ssn.replace(/\D/g, '');
  return `***-**-${digits.length === 9 ? digits.slice(-4) : '****'}`;
}

/** Month and day hidden, year shown; null stays null, and of what is not YYYY-MM-DD nothing is shown. */
export function maskDateOfBirth(date: string | null): string | null {
  return date === null ? null : `**/**/${/^(\d{4})-\d\d-\d\d$/.exec(date)?.[1] ?? '****'}`;
}
