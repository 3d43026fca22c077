import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { insertInto, selectList, type RowOf } from '../../platform/database/columns.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { ASSIGNMENT_COLUMNS, type AssignmentEntity } from './assignment.entity.js';

const COLUMNS = selectList(ASSIGNMENT_COLUMNS);

/** SQL conditions for the people that the scopes `assigned` and `own` cover. Postgres can use an index for them. */
const REACHED = {
  assigned: 'person_id = ANY ((SELECT app.assigned_people())::uuid[])',
  own: 'person_id = (SELECT app.own_person_id())',
} as const;

export interface AssignmentFilter {
  personId?: string;
  membershipId?: string;
  within?: 'assigned' | 'own';
}

@Injectable()
export class AssignmentsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Returns a page of assignments, sorted by id. `after` is the last id of the previous page. `within` repeats the
   * caller's scope as a condition that can use an index.
   */
  list(
    { within, personId, membershipId }: AssignmentFilter,
    after: string | null,
    limit: number,
  ): Promise<AssignmentEntity[]> {
    const values: unknown[] = [currentContext().orgId, limit];
    const conditions = ['org_id = $1'];
    if (within !== undefined) conditions.push(REACHED[within]);
    if (personId !== undefined) conditions.push(`person_id = $${values.push(personId)}`);
    if (membershipId !== undefined) conditions.push(`membership_id = $${values.push(membershipId)}`);
    if (after !== null) conditions.push(`id > $${values.push(after)}`);
    return this.unitOfWork.sql<RowOf<AssignmentEntity>>(
      `SELECT ${COLUMNS} FROM assignments WHERE ${conditions.join(' AND ')} ORDER BY id LIMIT $2`,
      values,
    );
  }

  /** Returns whether the caller may assign people to this member. */
  async mayEntrust(membershipId: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ may: boolean }>('SELECT app.may_assign($1) AS may', [membershipId]);
    return row!.may;
  }

  async insert(assignment: Omit<AssignmentEntity, 'orgId'>): Promise<void> {
    const row = { ...assignment, orgId: currentContext().orgId };
    await this.unitOfWork.executeVarying(insertInto('assignments', ASSIGNMENT_COLUMNS, row));
  }

  /**
   * Sets the end of an assignment. Returns null when there is no such assignment, or when it ends at an earlier time.
   */
  async end(id: string, at: Date): Promise<AssignmentEntity | null> {
    const key = [currentContext().orgId, id];
    const ended = await this.unitOfWork.execute(
      'UPDATE assignments SET ends_at = $3 WHERE org_id = $1 AND id = $2 AND (ends_at IS NULL OR ends_at > $3)',
      [...key, at],
    );
    if (ended === 0) return null;
    const [row] = await this.unitOfWork.sql<RowOf<AssignmentEntity>>(
      `SELECT ${COLUMNS} FROM assignments WHERE org_id = $1 AND id = $2`,
      key,
    );
    return row ?? null;
  }
}
