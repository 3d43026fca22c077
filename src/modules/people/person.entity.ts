import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Kind, Status } from './person.js';

/** A record subject as it is stored: what is sealed stays sealed. */
@Entity('people')
export class PersonEntity {
  @PrimaryColumn('uuid', { name: 'org_id' }) orgId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('text', { name: 'external_id', nullable: true }) externalId: string | null;
  @Column('text') kind: Kind;
  @Column('text', { name: 'given_name' }) givenName: string;
  @Column('text', { name: 'family_name' }) familyName: string;
  @Column('text', { nullable: true }) title: string | null;
  @Column('text', { nullable: true }) npi: string | null;
  @Column('text') status: Status;
  @Column('bytea', { name: 'email_enc', nullable: true }) email: Buffer | null;
  @Column('bytea', { name: 'email_index', nullable: true }) emailIndex: Buffer | null;
  @Column('bytea', { name: 'phone_enc', nullable: true }) phone: Buffer | null;
  @Column('bytea', { name: 'address_enc', nullable: true }) address: Buffer | null;
  @Column('bytea', { name: 'date_of_birth_enc', nullable: true }) dateOfBirth: Buffer | null;
  @Column('bytea', { name: 'ssn_enc', nullable: true }) ssn: Buffer | null;
  @Column('integer') version: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
}
