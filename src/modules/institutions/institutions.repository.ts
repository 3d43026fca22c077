import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { OrganizationStatistics } from './institutions.dto.js';

/** Reads and writes institutions through SQL functions. No database role of the application can read the table. */
@Injectable()
export class InstitutionsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /**
   * Returns the statistics of the organizations that have consented. The SQL function checks the caller's permission.
   */
  report(): Promise<OrganizationStatistics[]> {
    return this.unitOfWork.sql<OrganizationStatistics & Record<string, unknown>>(
      `SELECT id, name, active_members::float8 AS "activeMembers", active_people::float8 AS "activePeople",
         inactive_people::float8 AS "inactivePeople"
         FROM app.institution_report()`,
    );
  }

  /** Creates an institution. This method and `place` require the worker's database role. */
  async create(id: string, name: string): Promise<void> {
    await this.unitOfWork.sql('SELECT app.create_institution($1, $2)', [id, name]);
  }

  /**
   * Moves the current organization into an institution and clears its consents. Null removes it from its institution.
   * Returns false when nothing changes.
   */
  async place(institutionId: string | null): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ changed: boolean }>('SELECT app.set_institution($1) AS changed', [
      institutionId,
    ]);
    return row!.changed;
  }
}
