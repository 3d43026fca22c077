import { Injectable } from '@nestjs/common';
import { currentContext } from '../../../platform/context/context.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';

export interface DomainRow {
  id: string;
  domain: string;
  token: string;
  createdAt: Date;
  checkedAt: Date | null;
  verifiedAt: Date | null;
  /** The time since which the record of a verified domain has been missing. */
  verificationFailedAt: Date | null;
  problem: string | null;
  [column: string]: unknown;
}

const COLUMNS = `id, domain, token, created_at AS "createdAt", checked_at AS "checkedAt", verified_at AS "verifiedAt",
  verification_failed_at AS "verificationFailedAt", problem`;

/** A domain stays verified for this long after its record disappears. */
const GRACE = "interval '7 days'";

/** Stores the mail domains of the current organization. Only the worker's database role can write a check result. */
@Injectable()
export class DomainsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  list(): Promise<DomainRow[]> {
    return this.unitOfWork.sql<DomainRow>(`SELECT ${COLUMNS} FROM sso_domains WHERE org_id = $1 ORDER BY domain`, [
      this.orgId,
    ]);
  }

  async find(id: string): Promise<DomainRow | null> {
    const [row] = await this.unitOfWork.sql<DomainRow>(
      `SELECT ${COLUMNS} FROM sso_domains WHERE org_id = $1 AND id = $2`,
      [this.orgId, id],
    );
    return row ?? null;
  }

  /** Fails on a unique constraint when the organization already has the domain. */
  async insert({ id, domain, token }: Pick<DomainRow, 'id' | 'domain' | 'token'>): Promise<void> {
    await this.unitOfWork.execute('INSERT INTO sso_domains (org_id, id, domain, token) VALUES ($1, $2, $3, $4)', [
      this.orgId,
      id,
      domain,
      token,
    ]);
  }

  async delete(id: string): Promise<boolean> {
    return (
      (await this.unitOfWork.execute('DELETE FROM sso_domains WHERE org_id = $1 AND id = $2', [this.orgId, id])) > 0
    );
  }

  /**
   * Returns the ids of the domains to check today. A verified domain is checked one week after its last check. While
   * its record is missing, it is checked every day. A new domain is checked every day for one month.
   */
  async due(): Promise<string[]> {
    const rows = await this.unitOfWork.sql<{ id: string }>(
      `SELECT id FROM sso_domains WHERE org_id = $1 AND CASE WHEN verified_at IS NULL
         THEN created_at > now() - interval '30 days'
         ELSE verification_failed_at IS NOT NULL OR checked_at < now() - interval '6 days 12 hours' END ORDER BY id`,
      [this.orgId],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * Stores that the record was found. Fails with `domain_taken` when an organization outside the institution has
   * verified the domain.
   */
  async recordFound(id: string): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE sso_domains SET checked_at = now(), verified_at = coalesce(verified_at, now()),
         verification_failed_at = NULL, problem = NULL WHERE org_id = $1 AND id = $2`,
      [this.orgId, id],
    );
  }

  /**
   * Stores that the record is missing or does not prove the domain. Returns the new row. A verified domain loses its
   * status when its record has been missing for longer than the grace period.
   */
  async recordMissing(id: string, problem: string): Promise<DomainRow | null> {
    const [row] = await this.unitOfWork.sql<DomainRow>(
      `UPDATE sso_domains SET checked_at = now(), problem = $3,
              verified_at = CASE WHEN verification_failed_at IS NULL
                OR verification_failed_at > now() - ${GRACE} THEN verified_at END,
              verification_failed_at = CASE WHEN verified_at IS NOT NULL AND (verification_failed_at IS NULL
                OR verification_failed_at > now() - ${GRACE}) THEN coalesce(verification_failed_at, now()) END
        WHERE org_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
      [this.orgId, id, problem],
    );
    return row ?? null;
  }

  /** Stores that DNS did not answer. The status of the domain does not change. */
  async recordDnsFailure(id: string): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE sso_domains SET checked_at = now(), problem = 'dns_unavailable' WHERE org_id = $1 AND id = $2`,
      [this.orgId, id],
    );
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
