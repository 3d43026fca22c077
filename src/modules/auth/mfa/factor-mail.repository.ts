import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';

/** Whom to tell that their factors were taken away, and by which organization. */
export interface FactorMail {
  email: string;
  organization: string;
  [column: string]: unknown;
}

/** Members of the current organization, for letters and operators. */
@Injectable()
export class FactorMailRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  async membershipOf(email: string): Promise<string | null> {
    const [row] = await this.unitOfWork.sql<{ id: string }>(
      `SELECT m.id FROM memberships m JOIN users u ON u.id = m.user_id WHERE m.org_id = $1 AND u.email = $2
         AND m.status = 'active'`,
      [currentContext().orgId, email],
    );
    return row?.id ?? null;
  }

  async letter(membershipId: string): Promise<FactorMail | null> {
    const [row] = await this.unitOfWork.sql<FactorMail>(
      `SELECT u.email, o.name AS organization FROM memberships m JOIN users u ON u.id = m.user_id
         JOIN organizations o ON o.id = m.org_id
        WHERE m.org_id = $1 AND m.id = $2 AND m.status = 'active'`,
      [currentContext().orgId, membershipId],
    );
    return row ?? null;
  }
}
