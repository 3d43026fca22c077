import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { Clock } from '../../platform/clock/clock.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext } from '../../platform/context/context.js';
import { errorCode } from '../../platform/database/errors.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import type { AssignmentEntity } from './assignment.entity.js';
import { AssignmentsRepository } from './assignments.repository.js';
import type { AssignmentsQuery, CreateAssignmentDto } from './people.dto.js';

/** Manages assignments of people to members. A change affects the member's scope immediately. */
@Injectable()
export class AssignmentsService {
  constructor(
    private readonly assignments: AssignmentsRepository,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
    private readonly clock: Clock,
  ) {}

  async list({ limit, cursor, personId, membershipId }: AssignmentsQuery): Promise<Page<AssignmentEntity>> {
    const scope = { purpose: 'assignments', orgId: currentContext().orgId };
    const after = this.cursors.lastId(scope, cursor);
    const rows = await this.assignments.list({ personId, membershipId, ...narrowed() }, after, limit + 1);
    return this.cursors.page(scope, rows, limit, ({ id }) => [id]);
  }

  /**
   * Assigns a person to a member. Throws `not_found` when the organization has no such person or member. Throws
   * `insufficient_privileges_to_grant` when the member would gain a permission over the person that the caller does not
   * hold for the whole organization.
   */
  async create({ personId, membershipId, startsAt, endsAt }: CreateAssignmentDto) {
    if (!(await this.assignments.mayEntrust(membershipId))) throw new Problem('insufficient_privileges_to_grant');
    const assignment = {
      id: newId(),
      personId,
      membershipId,
      startsAt: startsAt === undefined ? this.clock.now() : new Date(startsAt),
      endsAt: endsAt === undefined ? null : new Date(endsAt),
    };
    try {
      await this.assignments.insert(assignment);
    } catch (error) {
      if (errorCode(error) === '23503') throw new Problem('not_found');
      throw error;
    }
    this.audit.record('assignment.created', { target: { type: 'person', id: personId }, meta: { membershipId } });
    return assignment;
  }

  /** Ends an assignment now. Throws `not_found` when the assignment does not exist or has ended. */
  async end(id: string) {
    const ended = await this.assignments.end(id, this.clock.now());
    if (ended === null) throw new Problem('not_found');
    this.audit.record('assignment.ended', { target: { type: 'assignment', id }, meta: { personId: ended.personId } });
    return ended;
  }
}

/** Returns the caller's scope of `assignment:read` if that scope does not cover the whole organization. */
function narrowed(): { within?: 'assigned' | 'own' } {
  const scope = currentContext().member?.grants.get('assignment:read');
  return scope === 'assigned' || scope === 'own' ? { within: scope } : {};
}
