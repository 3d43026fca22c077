import type { Columns } from '../../platform/database/columns.js';

/** A person entrusted to a member, from one moment to another. */
export interface AssignmentEntity {
  orgId: string;
  id: string;
  personId: string;
  membershipId: string;
  startsAt: Date;
  endsAt: Date | null;
}

export const ASSIGNMENT_COLUMNS: Columns<AssignmentEntity> = {
  orgId: 'org_id',
  id: 'id',
  personId: 'person_id',
  membershipId: 'membership_id',
  startsAt: 'starts_at',
  endsAt: 'ends_at',
};
