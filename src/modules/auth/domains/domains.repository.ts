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
  /** Since when the record of a verified domain has not been found. */
  verificationFailedAt: Date | null;
  problem: string | null;
  [column: string]: unknown;
}

const COLUMNS = `id, domain, token, created_at AS "createdAt", checked_at AS "checkedAt", verified_at AS "verifiedAt",
  verification_failed_at AS "verificationFailedAt", problem`;

/** How long a verified domain stays so without its record. */
const GRACE = "interval '7 days'";

/** Mail domains of the current organization. The worker's role alone may write what a look at the DNS has shown. */
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

  /** Fails on a unique constraint when the domain is there already. */
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
   * Those to look at today: each a week after the last look, every day while its record is missing, and new ones for a
   * month.
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

  /** The record is there. Fails with domain_taken where another institution's organization has the domain. */
  async found(id: string): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE sso_domains SET checked_at = now(), verified_at = coalesce(verified_at, now()), verification_failed_at = NULL,
         problem = NULL WHERE org_id = $1 AND id = $2`,
      [this.orgId, id],
    );
  }

  /**
   * The record is not there, or not enough. Returns the row as it is now: a verified domain that has lost it for too
   * long is so no more.
   */
  async missing(id: string, problem: string): Promise<DomainRow | null> {
    const [row] = await this.unitOfWork.sql<DomainRow>(
      `UPDATE sso_domains SET checked_at = now(), problem = $3,
              verified_at = CASE WHEN verification_failed_at IS NULL OR verification_failed_at > now() - ${GRACE} THEN verified_at END,
              verification_failed_at = CASE WHEN verified_at IS NOT NULL AND (verification_failed_at IS NULL OR verification_failed_at > now() - ${GRACE})
                THEN coalesce(verification_failed_at, now()) END
        WHERE org_id = $1 AND id = $2 RETURNING ${COLUMNS}`,
      [this.orgId, id, problem],
    );
    return row ?? null;
  }

  /** Nobody answered: nothing is known that was not before. */
  async unanswered(id: string): Promise<void> {
    await this.unitOfWork.execute(
      `UPDATE sso_domains SET checked_at = now(), problem = 'dns_unavailable' WHERE org_id = $1 AND id = $2`,
      [this.orgId, id],
    );
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
