import type { Columns } from '../../platform/database/columns.js';
import type { Kind, Status } from './person.js';

/** A stored person. Personal columns stay encrypted. */
export interface PersonEntity {
  orgId: string;
  id: string;
  externalId: string | null;
  kind: Kind;
  givenName: string;
  familyName: string;
  title: string | null;
  npi: string | null;
  status: Status;
  email: Buffer | null;
  emailIndex: Buffer | null;
  phone: Buffer | null;
  address: Buffer | null;
  dateOfBirth: Buffer | null;
  ssn: Buffer | null;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export const PERSON_COLUMNS: Columns<PersonEntity> = {
  orgId: 'org_id',
  id: 'id',
  externalId: 'external_id',
  kind: 'kind',
  givenName: 'given_name',
  familyName: 'family_name',
  title: 'title',
  npi: 'npi',
  status: 'status',
  email: 'email_enc',
  emailIndex: 'email_index',
  phone: 'phone_enc',
  address: 'address_enc',
  dateOfBirth: 'date_of_birth_enc',
  ssn: 'ssn_enc',
  version: 'version',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
