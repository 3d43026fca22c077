import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Preset } from '../../platform/feature/roles.js';

/** A tenant: program, company or practice. */
@Entity('organizations')
export class OrganizationEntity {
  @PrimaryColumn('uuid') id: string;
  @Column('text') name: string;
  @Column('text') preset: Preset;
  @Column('text') status: 'active' | 'suspended';
  @Column('integer', { name: 'idle_minutes' }) idleMinutes: number;
  @Column('integer', { name: 'session_hours' }) sessionHours: number;
  @Column('boolean', { name: 'remember_me_allowed' }) rememberMeAllowed: boolean;
  @Column('text', { name: 'postal_address', nullable: true }) postalAddress: string | null;
  @Column('text', { name: 'allowed_sign_in', array: true }) allowedSignIn: string[];
  @Column('boolean', { name: 'require_second_factor' }) requireSecondFactor: boolean;
  @Column('integer', { name: 'remember_device_days' }) rememberDeviceDays: number;
  @Column('boolean', { name: 'require_sso' }) requireSso: boolean;
  @Column('uuid', { name: 'institution_id', nullable: true }) institutionId: string | null;
  @Column('boolean', { name: 'institution_sign_in' }) institutionSignIn: boolean;
  @Column('boolean', { name: 'institution_reporting' }) institutionReporting: boolean;
  @Column('timestamptz', { name: 'created_at' }) createdAt: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt: Date;
}
