import { Injectable } from '@nestjs/common';
import { currentContext } from '../../platform/context/context.js';
import { UnitOfWork } from '../../platform/database/unit-of-work.js';
import type { Decision, ItemKind, ItemSnapshot } from './reviews.dto.js';

export type ReviewRow = {
  id: string;
  startedBy: string | null;
  createdAt: Date;
  completedBy: string | null;
  completedAt: Date | null;
  items: number;
  open: number;
  confirmed: number;
  revoked: number;
};

export type ReviewItemRow = {
  id: string;
  number: number;
  kind: ItemKind;
  membershipId: string | null;
  name: string | null;
  email: string | null;
  role: string | null;
  permission: string | null;
  snapshot: ItemSnapshot;
  decision: Decision | null;
  decidedBy: string | null;
  decidedAt: Date | null;
  note: string | null;
};

const REVIEWS = `SELECT r.id, r.started_by AS "startedBy", r.created_at AS "createdAt",
  r.completed_by AS "completedBy", r.completed_at AS "completedAt", c.*
  FROM access_reviews r CROSS JOIN LATERAL (
    SELECT count(*)::integer AS items, (count(*) FILTER (WHERE i.decision IS NULL))::integer AS open,
           (count(*) FILTER (WHERE i.decision = 'confirm'))::integer AS confirmed,
             (count(*) FILTER (WHERE i.decision = 'revoke'))::integer AS revoked
      FROM access_review_items i WHERE i.org_id = r.org_id AND i.review_id = r.id) c
 WHERE r.org_id = $1`;
const ITEMS = `SELECT i.id, i.number, i.kind, i.membership_id AS "membershipId", m.name,
  u.contact_email AS email, i.role, i.permission, i.snapshot, i.decision,
    i.decided_by AS "decidedBy", i.decided_at AS "decidedAt", i.note
  FROM access_review_items i LEFT JOIN memberships m ON m.org_id = i.org_id AND m.id = i.membership_id
    LEFT JOIN users u ON u.id = m.user_id
 WHERE i.org_id = $1 AND i.review_id = $2`;

/** Reads and writes access reviews of the current organization. */
@Injectable()
export class ReviewsRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  /** Creates a review with an item for each part of the current access. Returns the number of items. */
  async start(id: string): Promise<number> {
    const [row] = await this.unitOfWork.sql<{ items: number }>('SELECT app.start_access_review($1) AS items', [id]);
    return row!.items;
  }

  /** Returns one page of reviews, newest first; `before` is the last id of the previous page. */
  list(before: string | null, limit: number): Promise<ReviewRow[]> {
    return this.unitOfWork.sql<ReviewRow>(
      `${REVIEWS} AND ($2::uuid IS NULL OR r.id < $2) ORDER BY r.id DESC LIMIT $3`,
      [this.orgId, before, limit],
    );
  }

  async find(id: string): Promise<ReviewRow | null> {
    const [row] = await this.unitOfWork.sql<ReviewRow>(`${REVIEWS} AND r.id = $2`, [this.orgId, id]);
    return row ?? null;
  }

  /** Returns one page of items in the order of their numbers; `after` is the last number of the previous page. */
  items(
    reviewId: string,
    decision: 'open' | Decision | undefined,
    after: number,
    limit: number,
  ): Promise<ReviewItemRow[]> {
    return this.unitOfWork.sql<ReviewItemRow>(
      `${ITEMS} AND i.number > $3 AND ($4::text IS NULL OR coalesce(i.decision, 'open') = $4) ORDER BY i.number
         LIMIT $5`,
      [this.orgId, reviewId, after, decision ?? null, limit],
    );
  }

  async item(reviewId: string, id: string): Promise<ReviewItemRow | null> {
    const [row] = await this.unitOfWork.sql<ReviewItemRow>(`${ITEMS} AND i.id = $3`, [this.orgId, reviewId, id]);
    return row ?? null;
  }

  /** Stores the decision on an item. Returns false if the item already has one. */
  async decide(id: string, decision: Decision, decidedBy: string, note: string | null): Promise<boolean> {
    return (
      (await this.unitOfWork.execute(
        `UPDATE access_review_items SET decision = $3, decided_by = $4, decided_at = now(), note = $5
           WHERE org_id = $1 AND id = $2 AND decision IS NULL`,
        [this.orgId, id, decision, decidedBy, note],
      )) > 0
    );
  }

  /**
   * Marks the review as completed. Returns false if it was completed before. While an item is undecided, the database
   * throws a violation of the constraint `access_reviews_open`.
   */
  async complete(id: string, completedBy: string): Promise<boolean> {
    return (
      (await this.unitOfWork.execute(
        `UPDATE access_reviews SET completed_by = $3, completed_at = now() WHERE org_id = $1 AND id = $2
           AND completed_at IS NULL`,
        [this.orgId, id, completedBy],
      )) > 0
    );
  }

  private get orgId(): string {
    return currentContext().orgId;
  }
}
