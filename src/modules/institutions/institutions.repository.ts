import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { OrganizationStatistics } from './institutions.dto.js';

/** Institutions, through the functions that alone may see them. */
@Injectable()
export class InstitutionsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** The organizations of the caller's institution that agreed; the function checks the caller's permission. */
  report(): Promise<OrganizationStatistics[]> {
    return this.unitOfWork.sql<OrganizationStatistics & Record<string, unknown>>(
      `SELECT id, name, active_members::float8 AS "activeMembers", active_people::float8 AS "activePeople",
         inactive_people::float8 AS "inactivePeople"
         FROM app.institution_report()`,
    );
  }

  /** Needs the worker's role, as below. */
  async create(id: string, name: string): Promise<void> {
    await this.unitOfWork.sql('SELECT app.create_institution($1, $2)', [id, name]);
  }

  /**
   * Puts the current organization into an institution or, by null, into none; its consents end. False when it is there
   * already.
   */
  async place(institutionId: string | null): Promise<boolean> {
    const [row] = await this.unitOfWork.sql<{ changed: boolean }>('SELECT app.set_institution($1) AS changed', [
      institutionId,
    ]);
    return row!.changed;
  }
}
