import { describe, expect, it } from '@jest/globals';
import type { Audience } from '../../platform/http/serializer.js';
import type { PersonResponse } from '../people/index.js';
import { personRecord } from './person-record.js';

const person: PersonResponse = {
  id: '01900000-0000-7000-8000-000000000001',
  externalId: null,
  kind: 'clinician',
  givenName: 'Synthetic',
  familyName: 'Ada',
  title: null,
  npi: '1234567890',
  status: 'active',
  hasEmail: true,
  hasPhone: true,
  hasAddress: false,
  ssn: '***-**-3456',
  dateOfBirth: '**/**/1990',
  version: 2,
  createdAt: new Date(0),
  updatedAt: new Date(1000),
};
const contact = { id: person.id, email: 'ada@test.example', phone: null, address: null };

describe("a person's record for printing", () => {
  it('shows masked identifiers, and a dash for missing values', () => {
    const { title, sections } = personRecord(person, null, 'staff');
    expect(title).toBe('Synthetic Ada');
    const rows = Object.fromEntries(
      sections.flatMap(({ rows: fields }) => fields.map(({ label, value }) => [label, value])),
    );
    expect(rows).toMatchObject({
      'Social Security number': '***-**-3456',
      'Date of birth': '**/**/1990',
      'External id': '–',
      Created: '1970-01-01T00:00:00.000Z',
    });
  });

  it('has a section of contact details only for unlocked fields', () => {
    expect(personRecord(person, null, 'staff').sections.map(({ heading }) => heading)).toEqual(['Person', 'Record']);
    const [, unlocked] = personRecord(person, contact, 'staff').sections;
    expect(unlocked).toEqual({
      heading: 'Contact',
      rows: [
        { label: 'E-mail', value: 'ada@test.example' },
        { label: 'Telephone', value: '–' },
        { label: 'Address', value: '–' },
      ],
    });
  });

  it('omits staff-only fields, and nothing else, for portal roles', () => {
    const labels = (audience: Audience) =>
      personRecord(person, null, audience).sections.flatMap(({ rows }) => rows.map(({ label }) => label));
    expect(labels('staff').filter((label) => !labels('portal').includes(label))).toEqual(['External id', 'Version']);
  });
});
