import { serializerOf, type Audience } from '../../platform/http/serializer.js';
import { PersonResponse, type ContactResponse } from '../people/index.js';
import type { PersonRecord, RecordSection } from './pdf.js';

/**
 * Returns a person's record for printing: identifiers masked as in the API, contact details only when the caller
 * unlocked them, and only fields that the audience may read. A dash marks a missing value.
 */
export function personRecord(
  person: PersonResponse,
  contact: ContactResponse | null,
  audience: Audience,
): PersonRecord {
  const { externalId, version } = serializerOf(PersonResponse, audience)(person) as Partial<PersonResponse>;
  const sections = [
    section('Person', {
      'Given name': person.givenName,
      'Family name': person.familyName,
      Kind: person.kind,
      Title: person.title,
      'National Provider Identifier': person.npi,
      'External id': externalId,
      Status: person.status,
      'Date of birth': person.dateOfBirth,
      'Social Security number': person.ssn,
    }),
    ...(contact === null
      ? []
      : [section('Contact', { 'E-mail': contact.email, Telephone: contact.phone, Address: contact.address })]),
    section('Record', {
      Id: person.id,
      Version: version?.toString(),
      Created: person.createdAt.toISOString(),
      Updated: person.updatedAt.toISOString(),
    }),
  ];
  return { title: `${person.givenName} ${person.familyName}`, sections };
}

function section(heading: string, fields: Readonly<Record<string, string | null | undefined>>): RecordSection {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { heading, rows: present.map(([label, value]) => ({ label, value: value ?? '–' })) };
}
