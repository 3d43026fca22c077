import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A connection to an identity provider as it is stored. */
@Entity('sso_connections')
export class SsoConnectionEntity {
  @PrimaryColumn('uuid', { name: 'org_id' }) orgId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('text') name: string;
  @Column('boolean') enabled: boolean;
  @Column('text', { name: 'idp_entity_id' }) idpEntityId: string;
  @Column('text', { name: 'idp_sso_url' }) idpSsoUrl: string;
  @Column('text', { name: 'idp_certificates', array: true }) idpCertificates: string[];
  @Column('boolean', { name: 'want_response_signed' }) wantResponseSigned: boolean;
  @Column('text') subject: 'name-id' | 'entra-object';
  @Column('text', { name: 'email_attribute', nullable: true }) emailAttribute: string | null;
  @Column('text', { name: 'group_attribute', nullable: true }) groupAttribute: string | null;
  @Column('jsonb', { name: 'group_roles' }) groupRoles: { group: string; role: string }[];
  @Column('text', { name: 'default_role', nullable: true }) defaultRole: string | null;
  @Column('boolean', { name: 'jit_provisioning' }) jitProvisioning: boolean;
  @Column('integer', { name: 'clock_skew_seconds' }) clockSkewSeconds: number;
  @Column('bytea', { name: 'entrance_enc' }) entrance: Buffer;
  @Column('bytea', { name: 'entrance_hash' }) entranceHash: Buffer;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
}
