import type { Columns } from '../../platform/database/columns.js';

/** An assignment of a person to a member, with a start and an end. */
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
