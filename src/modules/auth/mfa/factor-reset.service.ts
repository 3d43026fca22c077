import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../../platform/audit/audit-log.js';
import { normalizeEmail } from '../../../platform/crypto/index.js';
import { Problem } from '../../../platform/problem/index.js';
import { Jobs } from '../../../platform/jobs/jobs.js';
import { FactorMailRepository } from './factor-mail.repository.js';
import { FactorsRepository } from './factors.repository.js';

/** Taking factors from somebody who has lost them, so that they can enrol anew. */
@Injectable()
export class FactorResetService {
  constructor(
    private readonly factors: FactorsRepository,
    private readonly letters: FactorMailRepository,
    private readonly jobs: Jobs,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Never of oneself, nor of who holds more than the caller. Throws not_found, insufficient_privileges_to_grant, factor_reset_not_allowed
   * for a
   * member of other organizations as well: that is for operators.
   */
  async reset(membershipId: string): Promise<void> {
    if (!(await this.factors.reset(membershipId))) throw new Problem('not_found');
    this.audit.record('auth.factors_reset', { target: { type: 'membership', id: membershipId } });
    await this.jobs.enqueue('factors.mail', { membershipId });
  }

  /** The same by an operator, for the member with an address. Throws not_found. */
  async resetByAddress(address: string): Promise<string> {
    const membershipId = await this.letters.membershipOf(normalizeEmail(address));
    if (membershipId === null) throw new Problem('not_found');
    await this.reset(membershipId);
    return membershipId;
  }
}
