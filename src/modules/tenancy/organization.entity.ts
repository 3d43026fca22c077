import type { Columns } from '../../platform/database/columns.js';
import type { Preset } from '../../platform/feature/roles.js';

/** A tenant: program, company or practice. */
export interface OrganizationEntity {
  id: string;
  name: string;
  preset: Preset;
  status: 'active' | 'suspended';
  idleMinutes: number;
  sessionHours: number;
  rememberMeAllowed: boolean;
  postalAddress: string | null;
  allowedSignIn: string[];
  requireMfa: boolean;
  rememberDeviceDays: number;
  requireSso: boolean;
  institutionId: string | null;
  institutionSignIn: boolean;
  institutionReporting: boolean;
  createdAt: Date;
  updatedAt: Date;
}

export const ORGANIZATION_COLUMNS: Columns<OrganizationEntity> = {
  id: 'id',
  name: 'name',
  preset: 'preset',
  status: 'status',
  idleMinutes: 'idle_minutes',
  sessionHours: 'session_hours',
  rememberMeAllowed: 'remember_me_allowed',
  postalAddress: 'postal_address',
  allowedSignIn: 'allowed_sign_in',
  requireMfa: 'require_mfa',
  rememberDeviceDays: 'remember_device_days',
  requireSso: 'require_sso',
  institutionId: 'institution_id',
  institutionSignIn: 'institution_sign_in',
  institutionReporting: 'institution_reporting',
  createdAt: 'created_at',
  updatedAt: 'updated_at',
};
