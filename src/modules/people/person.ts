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

/** `***-**-1234`; null stays null. */
export function maskSsn(ssn: string | null): string | null {
  return ssn === null ? null : `***-**-${ssn.replace(/\D/g, '').slice(-4)}`;
}

/** Month and day hidden, year shown; null stays null. Takes YYYY-MM-DD. */
export function maskDateOfBirth(date: string | null): string | null {
  return date === null ? null : `**/**/${date.slice(0, 4)}`;
}
