import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';

/** The recipient of a factor reset mail, and the organization that reset the recipient's factors. */
export interface FactorMail {
  email: string;
  organization: string;
  [column: string]: unknown;
}

/** Finds members of the current organization, for factor reset mails and for commands of operators. */
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

  async recipient(membershipId: string): Promise<FactorMail | null> {
    const [row] = await this.unitOfWork.sql<FactorMail>(
      `SELECT u.contact_email AS email, o.name AS organization FROM memberships m JOIN users u ON u.id = m.user_id
         JOIN organizations o ON o.id = m.org_id
        WHERE m.org_id = $1 AND m.id = $2 AND m.status = 'active'`,
      [currentContext().orgId, membershipId],
    );
    return row ?? null;
  }
}
