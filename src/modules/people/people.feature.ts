import { defineFeature } from '../../platform/feature/define-feature.js';
import { ExternalPersonDto } from './external-person.dto.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

/** What all webhook events about people have in common. */
const EXTERNAL_PERSON = { dto: ExternalPersonDto, orderKey: 'externalId' } as const;

export const peopleFeature = defineFeature({
  name: 'people',
  description: 'The record subjects: trainees, clinicians and providers, and who is assigned to whom.',
  permissions: {
    'person:read': {
      category: 'People',
      personScoped: true,
      description: 'See people: name, role, status, masked identifiers.',
      scopes: {
        org: [...MANAGER_ROLES, 'staff', 'viewer'],
        assigned: ['mentor', 'member'],
        own: ['trainee', 'portal'],
      },
    },
    'person:create': {
      category: 'People',
      description: 'Add people.',
      scopes: { org: [...MANAGER_ROLES, 'staff'] },
    },
    'person:update': {
      category: 'People',
      personScoped: true,
      description: 'Change what is recorded of people.',
      scopes: { org: [...MANAGER_ROLES, 'staff'] },
    },
    'person:unlock-contact': {
      category: 'People',
      personScoped: true,
      description: 'Unlock contact details; every unlock is logged.',
      scopes: {
        org: [...MANAGER_ROLES, 'staff'],
        assigned: ['mentor', 'member'],
        own: ['trainee', 'portal'],
      },
    },
    'person:read-history': {
      category: 'People',
      personScoped: true,
      description: 'See what was recorded of people before each change; every look is logged.',
      scopes: { org: [...MANAGER_ROLES, 'staff'] },
    },
    'assignment:read': {
      category: 'People',
      personScoped: true,
      description: 'See who is assigned to whom.',
      scopes: { org: [...MANAGER_ROLES, 'staff', 'viewer'], assigned: ['mentor', 'member'] },
    },
    'assignment:create': {
      category: 'People',
      description: 'Assign people to members.',
      scopes: { org: MANAGER_ROLES },
    },
    'assignment:end': {
      category: 'People',
      description: 'End assignments.',
      scopes: { org: MANAGER_ROLES },
    },
  },
  events: {
    'person.viewed': { category: 'people', severity: 'info', description: "A person's record was opened." },
    'person.contact_unlocked': {
      category: 'people',
      severity: 'notice',
      description: "A person's contact details were shown.",
      meta: { fields: 'codes' },
    },
    'person.created': {
      category: 'people',
      severity: 'info',
      description: 'A person was added.',
      meta: { kind: 'code', fields: 'codes' },
      realtime: { permission: 'person:read' },
    },
    'person.updated': {
      category: 'people',
      severity: 'info',
      description: "A person's record was changed in these fields; in none, where it was as asked already.",
      meta: { fields: 'codes', version: 'count' },
      realtime: { permission: 'person:read' },
    },
    'person.history_viewed': {
      category: 'people',
      severity: 'info',
      description: "What a person's record was before its changes was shown.",
      meta: { entries: 'count' },
    },
    'assignment.created': {
      category: 'people',
      severity: 'info',
      description: 'A person was assigned to a member.',
      meta: { membershipId: 'id' },
      realtime: { permission: 'assignment:read' },
    },
    'assignment.ended': {
      category: 'people',
      severity: 'info',
      description: 'An assignment was ended.',
      meta: { personId: 'id' },
      realtime: { permission: 'assignment:read', person: 'personId' },
    },
  },
  webhookEvents: {
    'person.created': { ...EXTERNAL_PERSON, description: 'Creates the person, or changes the person that exists.' },
    'person.updated': { ...EXTERNAL_PERSON, description: 'Changes the person, or creates the person that is missing.' },
    'person.upserted': { ...EXTERNAL_PERSON, description: 'Creates or changes the person.' },
  },
  errors: {
    external_id_taken: { status: 409, title: 'Another person has this external id' },
    version_conflict: { status: 409, title: 'The record was changed by somebody else' },
  },
  personalData: {
    people: {
      given_name: { class: 'PII', erasure: 'delete' },
      family_name: { class: 'PII', erasure: 'delete' },
      title: { class: 'internal', erasure: 'delete' },
      external_id: { class: 'internal', erasure: 'delete' },
      npi: { class: 'public', erasure: 'delete' },
      email_enc: { class: 'PII', erasure: 'destroy-key' },
      email_index: { class: 'PII', erasure: 'delete' },
      phone_enc: { class: 'PII', erasure: 'destroy-key' },
      address_enc: { class: 'PII', erasure: 'destroy-key' },
      date_of_birth_enc: { class: 'PII', erasure: 'destroy-key' },
      ssn_enc: { class: 'PII', erasure: 'destroy-key' },
    },
    person_snapshots: { before: { class: 'PII', erasure: 'delete' } },
  },
  tables: {
    people: {
      kind: 'tenant',
      resource: 'person',
      rows: { person: 'id', select: 'person:read', insert: 'person:create', update: 'person:update' },
      retention: { reason: 'the record of a person lives until the organization or the person asks for its erasure' },
    },
    person_snapshots: {
      kind: 'tenant',
      rows: { person: 'person_id', select: 'person:read-history' },
      retention: { reason: 'what a record said before a change is part of the record, and is kept as long' },
    },
    assignments: {
      kind: 'tenant',
      resource: 'assignment',
      rows: { person: 'person_id', select: 'assignment:read', insert: 'assignment:create', update: 'assignment:end' },
      retention: { reason: "who could see a person at what time is part of the person's record" },
    },
    data_keys: {
      kind: 'tenant',
      rows: { select: 'signed-in', insert: 'signed-in' },
      retention: { reason: 'a key lives as long as anything is sealed with it; erasure destroys it' },
    },
  },
  controls: {
    'people.relations': {
      claims: ['M3', 'C1', 'C5'],
      description: 'Who sees whom is decided by row policies in the database.',
    },
    'people.encrypted-fields': {
      claims: ['C4', 'E2'],
      description: 'Contact details, date of birth and SSN are sealed under a key of the person.',
    },
    'people.history': {
      claims: ['E20'],
      description: 'The database keeps the record as it was before each change, and refuses to alter what it kept.',
    },
    'people.masked': { claims: ['E20'], description: 'SSN and date of birth leave masked.' },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    people: typeof peopleFeature;
  }
}
