import { Injectable } from '@nestjs/common';
import { And, Equal, IsNull, MoreThan, Raw, type FindOperator } from 'typeorm';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { AssignmentEntity } from './assignment.entity.js';

export interface AssignmentFilter {
  personId?: string;
  membershipId?: string;
  within?: 'assigned' | 'own';
}

@Injectable()
export class AssignmentsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * A page in order of id; `after` is the last id seen. `within` says a narrow scope once more, as an index takes it.
   */
  list({ within, ...filter }: AssignmentFilter, after: string | null, limit: number): Promise<AssignmentEntity[]> {
    const personId = within === undefined ? filter.personId : ofPeople(within, filter.personId);
    return this.unitOfWork.manager.find(AssignmentEntity, {
      where: {
        ...given({ ...filter, personId }),
        orgId: currentContext().orgId,
        ...(after !== null && { id: MoreThan(after) }),
      },
      order: { id: 'ASC' },
      take: limit,
    });
  }

  /** Whether the caller may put people in a member's reach. */
  async mayEntrust(membershipId: string): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ may: boolean }>('SELECT app.may_entrust($1) AS may', [membershipId]);
    return row!.may;
  }

  async insert(assignment: Omit<AssignmentEntity, 'orgId'>): Promise<void> {
    await this.unitOfWork.manager.insert(AssignmentEntity, { ...assignment, orgId: currentContext().orgId });
  }

  /** Ends an assignment that has no end, or a later one. Null when there is none such. */
  async end(id: string, at: Date): Promise<AssignmentEntity | null> {
    const key = { orgId: currentContext().orgId, id };
    const { affected } = await this.unitOfWork.manager.update(
      AssignmentEntity,
      [
        { ...key, endsAt: IsNull() },
        { ...key, endsAt: MoreThan(at) },
      ],
      { endsAt: at },
    );
    return affected ? this.unitOfWork.manager.findOneBy(AssignmentEntity, key) : null;
  }
}

function ofPeople(within: 'assigned' | 'own', personId: string | undefined): FindOperator<string> {
  const people = Raw<string>((column) =>
    within === 'assigned'
      ? `${column} = ANY ((SELECT app.assigned_people())::uuid[])`
      : `${column} = (SELECT app.own_person_id())`,
  );
  return personId === undefined ? people : And(Equal(personId), people);
}

/** The conditions that were given: TypeORM refuses undefined ones. */
function given<T extends object>(filter: T): Partial<T> {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as Partial<T>;
}
