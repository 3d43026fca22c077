import { defineFeature } from '../../platform/feature/define-feature.js';
import { ExternalPersonDto } from './external-person.dto.js';
import { MANAGER_ROLES } from '../../platform/feature/roles.js';

/** The common properties of all webhook events about people. */
const EXTERNAL_PERSON = {
  dto: ExternalPersonDto,
  orderKey: 'externalId',
  permissions: ['person:create', 'person:update'],
} as const;

export const peopleFeature = defineFeature({
  name: 'people',
  description: 'Records of people (trainees, clinicians and providers), and their assignments to members.',
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
      description: "Change people's records.",
      scopes: { org: [...MANAGER_ROLES, 'staff'] },
    },
    'person:unlock-contact': {
      category: 'People',
      personScoped: true,
      description: 'Unlock contact details. Every unlock is recorded.',
      scopes: {
        org: [...MANAGER_ROLES, 'staff'],
        assigned: ['mentor', 'member'],
        own: ['trainee', 'portal'],
      },
    },
    'person:read-history': {
      category: 'People',
      personScoped: true,
      description: "See earlier versions of people's records. Every access is recorded.",
      scopes: { org: [...MANAGER_ROLES, 'staff'] },
    },
    'assignment:read': {
      category: 'People',
      personScoped: true,
      description: 'List assignments.',
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
    'person.viewed': { category: 'people', severity: 'info', description: "A member opened a person's record." },
    'person.contact_unlocked': {
      category: 'people',
      severity: 'notice',
      description: "A member unlocked a person's contact details.",
      meta: { fields: 'codes' },
    },
    'person.created': {
      category: 'people',
      severity: 'info',
      description: 'A member or a partner system added a person.',
      meta: { kind: 'code', fields: 'codes' },
      realtime: { permission: 'person:read' },
    },
    'person.updated': {
      category: 'people',
      severity: 'info',
      description:
        "A member or a partner system changed a person's record. If the event lists no fields, nothing changed.",
      meta: { fields: 'codes', version: 'count' },
      realtime: { permission: 'person:read' },
    },
    'person.history_viewed': {
      category: 'people',
      severity: 'info',
      description: "A member read earlier versions of a person's record.",
      meta: { entries: 'amount' },
    },
    'assignment.created': {
      category: 'people',
      severity: 'info',
      description: 'A member assigned a person to a member of the organization.',
      meta: { membershipId: 'id' },
      realtime: { permission: 'assignment:read' },
    },
    'assignment.ended': {
      category: 'people',
      severity: 'info',
      description: 'A member ended an assignment.',
      meta: { personId: 'id' },
      realtime: { permission: 'assignment:read', person: 'personId' },
    },
  },
  webhookEvents: {
    'person.created': { ...EXTERNAL_PERSON, description: 'Creates the person, or changes the existing person.' },
    'person.updated': { ...EXTERNAL_PERSON, description: 'Changes the person, or creates a missing person.' },
    'person.upserted': { ...EXTERNAL_PERSON, description: 'Creates or changes the person.' },
  },
  errors: {
    external_id_taken: { status: 409, title: 'Another person has this external ID' },
    version_conflict: { status: 409, title: 'Another user has changed the record' },
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
      retention: { reason: "a person's record is kept until the organization or the person requests its erasure" },
    },
    person_snapshots: {
      kind: 'tenant',
      rows: { person: 'person_id', select: 'person:read-history' },
      retention: { reason: 'an earlier version is part of the record and is kept as long as the record' },
    },
    assignments: {
      kind: 'tenant',
      resource: 'assignment',
      rows: { person: 'person_id', select: 'assignment:read', insert: 'assignment:create', update: 'assignment:end' },
      retention: { reason: "the history of who could see a person is part of the person's record" },
    },
    data_keys: {
      kind: 'tenant',
      rows: { select: 'signed-in', insert: 'signed-in' },
      retention: { reason: 'a key is kept while data is encrypted under it; erasure destroys the key' },
    },
  },
  controls: {
    'people.relations': {
      claims: ['M3', 'C1', 'C5'],
      description: 'Row policies in the database decide which people a member can see.',
    },
    'people.encrypted-fields': {
      claims: ['C4', 'E2'],
      description: "Contact details, date of birth and SSN are encrypted under the person's own key.",
    },
    'people.history': {
      claims: ['E20'],
      description: 'The database stores the record before each change and rejects changes to stored versions.',
    },
    'people.masked': { claims: ['E20'], description: 'The API returns SSN and date of birth only in masked form.' },
  },
});

declare module '../../platform/feature/registry.js' {
  interface FeatureMap {
    people: typeof peopleFeature;
  }
}
