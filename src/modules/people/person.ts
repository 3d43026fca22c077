export const KINDS = ['trainee', 'clinician', 'provider'] as const;
export type Kind = (typeof KINDS)[number];

export const STATUSES = ['active', 'inactive'] as const;
export type Status = (typeof STATUSES)[number];

/** The fields that the database stores encrypted, with their columns. */
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

/** The decrypted fields of a person. */
export interface PersonFields extends Partial<Record<SealedField, string | null>> {
  externalId?: string | null;
  kind?: Kind;
  givenName?: string;
  familyName?: string;
  title?: string | null;
  npi?: string | null;
  status?: Status;
}

/** Normalizes fields for storage: keeps only the digits of an SSN, and omits absent fields. */
export function normalized(fields: PersonFields): PersonFields {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    present.map(([field, value]) => [
      field,
      field === 'ssn' && value !== null ? String(value).replace(/\D/g, '') : value,
    ]),
  );
}

/** Returns `***-**-1234`; null stays null. An invalid SSN is masked completely. */
export function maskSsn(ssn: string | null): string | null {
  if (ssn === null) return null;
  const digits = ssn.replace(/\D/g, '');
  return `***-**-${digits.length === 9 ? digits.slice(-4) : '****'}`;
}

/** Hides month and day and shows the year; null stays null. An invalid date is masked completely. */
export function maskDateOfBirth(date: string | null): string | null {
  return date === null ? null : `**/**/${/^(\d{4})-\d\d-\d\d$/.exec(date)?.[1] ?? '****'}`;
}
