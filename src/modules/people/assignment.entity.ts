import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A person entrusted to a member, from one moment to another. */
@Entity('assignments')
export class AssignmentEntity {
  @PrimaryColumn('uuid', { name: 'org_id' }) orgId: string;
  @PrimaryColumn('uuid') id: string;
  @Column('uuid', { name: 'person_id' }) personId: string;
  @Column('uuid', { name: 'membership_id' }) membershipId: string;
  @Column('timestamptz', { name: 'starts_at' }) startsAt: Date;
  @Column('timestamptz', { name: 'ends_at', nullable: true }) endsAt: Date | null;
}
