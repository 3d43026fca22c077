import { Injectable } from '@nestjs/common';
import { currentContext, currentMember } from '../../platform/context/context.js';
import { selectList, setList, type RowOf } from '../../platform/database/columns.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import { ORGANIZATION_COLUMNS, type OrganizationEntity } from './organization.entity.js';

/** The requirement that the caller's session would not meet; see `app.lockout_reason`. */
export type LockoutReason = 'step_up' | 'mfa_enrollment' | 'sso' | 'break_glass' | 'method';

/** Reads and writes the current organization. */
@Injectable()
export class OrganizationRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Returns the current organization. Throws an error when the caller may not read it. */
  async find(): Promise<OrganizationEntity> {
    const [row] = await this.unitOfWork.sql<RowOf<OrganizationEntity>>(
      `SELECT ${selectList(ORGANIZATION_COLUMNS)} FROM organizations WHERE id = $1`,
      [currentContext().orgId],
    );
    if (row === undefined) throw new Error('the current organization is not readable');
    return row;
  }

  async update(changes: Partial<OrganizationEntity>): Promise<void> {
    const values: unknown[] = [currentContext().orgId];
    const set = setList(ORGANIZATION_COLUMNS, changes, values);
    await this.unitOfWork.executeVarying({
      text: `UPDATE organizations SET ${[...set, 'updated_at = now()'].join(', ')} WHERE id = $1`,
      values,
    });
  }

  /** Returns the stored setting that would end the access of the current session, or null. */
  async lockoutReason(): Promise<LockoutReason | null> {
    const [row] = await this.unitOfWork.sql<{ reason: LockoutReason | null }>(
      'SELECT app.lockout_reason($1) AS reason',
      [currentMember().sessionId],
    );
    return row!.reason;
  }

  /** Creates an organization. This method and all methods below it require the worker's database role. */
  async create(id: string, name: string, preset: string): Promise<void> {
    await this.unitOfWork.sql('SELECT app.create_organization($1, $2, $3)', [id, name, preset]);
  }

  /** Sets the status. Returns false when the organization already had this status. */
  async setStatus(status: 'active' | 'suspended'): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ changed: boolean }>('SELECT app.set_organization_status($1) AS changed', [
      status,
    ]);
    return row!.changed;
  }

  /** Returns the ids of all organizations. The list includes the organization of the installation itself. */
  async ids(): Promise<string[]> {
    return (await this.unitOfWork.queryOnce<{ id: string }>('SELECT app.organization_ids(true) AS id')).map(
      ({ id }) => id,
    );
  }
}
