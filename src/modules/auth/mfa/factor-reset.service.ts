import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { FactorMailRepository } from './factor-mail.repository.js';
import { FactorsRepository } from './factors.repository.js';

/** Resets the factors of a member who lost them. The member can then enroll new factors. */
@Injectable()
export class FactorResetService {
  constructor(
    private readonly factors: FactorsRepository,
    private readonly members: FactorMailRepository,
    private readonly jobs: Jobs,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Removes all factors of a member and notifies the member by mail. Throws `not_found` when there is no such member.
   * Throws `insufficient_privileges_to_grant` when the member is the caller or holds more permissions than the caller.
   * Throws `factor_reset_not_allowed` when the member belongs to several organizations: only an operator can reset such
   * a member.
   */
  async reset(membershipId: string): Promise<void> {
    if (!(await this.factors.reset(membershipId))) throw new Problem('not_found');
    this.audit.record('auth.factors_reset', { target: { type: 'membership', id: membershipId } });
    await this.jobs.enqueue('factors.mail', { membershipId });
  }

  /**
   * Resets the factors of the member with this e-mail address. Operators use it. Throws `not_found` when there is no
   * such member.
   */
  async resetByEmail(email: string): Promise<string> {
    const membershipId = await this.members.membershipOf(normalizeEmail(email));
    if (membershipId === null) throw new Problem('not_found');
    await this.reset(membershipId);
    return membershipId;
  }
}
