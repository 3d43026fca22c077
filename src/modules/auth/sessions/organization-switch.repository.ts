import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { newSessionParam, type NewSession } from './new-session.js';

/** An organization of the caller, as `app.own_organizations` returns it. */
export interface OwnOrganization {
  id: string;
  name: string;
  role: string;
  current: boolean;
  reachable: boolean;
  [column: string]: unknown;
}

/** The result of `app.switch_organization`. */
export interface Switched {
  state: 'ok' | 'not_found' | 'organization_sign_in_required' | 'session_ended';
  expires_at: Date;
  [column: string]: unknown;
}

/**
 * Lists the caller's organizations and switches the session to one of them. SQL functions check the session's secret.
 */
@Injectable()
export class OrganizationSwitchRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  organizations(secret: string): Promise<OwnOrganization[]> {
    return this.unitOfWork.sql<OwnOrganization>(
      'SELECT id, name, role, here AS current, reachable FROM app.own_organizations($1)',
      [secret],
    );
  }

  /**
   * Enters the other organization. First writes the audit events recorded so far, because they belong to the
   * organization that the session leaves.
   */
  async switch(secret: string, orgId: string, session: NewSession): Promise<Switched> {
    await this.unitOfWork.writeLog();
    const [row] = await this.unitOfWork.sql<Switched>(
      `SELECT * FROM app.switch_organization($1, $2, ${newSessionParam(3)})`,
      [secret, orgId, session.parameter],
    );
    return row!;
  }
}
