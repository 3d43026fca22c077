import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { newSessionParam, type NewSession } from './new-session.js';

/** An organization of the caller's, as `app.own_organizations` finds it. */
export interface OwnOrganization {
  id: string;
  name: string;
  role: string;
  current: boolean;
  reachable: boolean;
  [column: string]: unknown;
}

/** What `app.switch_organization` answers. */
export interface Switched {
  state: 'ok' | 'not_found' | 'organization_sign_in_required' | 'session_ended';
  expires_at: Date;
  [column: string]: unknown;
}

/** The caller's session among the caller's organizations, through functions that check the session's secret. */
@Injectable()
export class OrganizationSwitchRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  organizations(secret: string): Promise<OwnOrganization[]> {
    return this.unitOfWork.sql<OwnOrganization>(
      'SELECT id, name, role, here AS current, reachable FROM app.own_organizations($1)',
      [secret],
    );
  }

  /** Enters the other organization, so that what was recorded so far is written before. */
  async switch(secret: string, orgId: string, visit: NewSession): Promise<Switched> {
    await this.unitOfWork.writeLog();
    const [row] = await this.unitOfWork.sql<Switched>(
      `SELECT * FROM app.switch_organization($1, $2, ${newSessionParam(3)})`,
      [secret, orgId, visit.parameter],
    );
    return row!;
  }
}
