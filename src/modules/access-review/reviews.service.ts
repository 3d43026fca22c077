import { Injectable } from '@nestjs/common';
import { AuditLog } from '../../platform/audit/audit-log.js';
import { newId } from '../../platform/clock/id.js';
import { currentContext, currentMember } from '../../platform/context/context.js';
import { errorCode } from '../../platform/database/errors.js';
import type { PageQuery } from '../../platform/http/pagination.dto.js';
import { Cursors, type Page } from '../../platform/http/pagination.js';
import { Problem } from '../../platform/problem/index.js';
import type { DecideItemDto, ReviewItemsQuery } from './reviews.dto.js';
import { ReviewsRepository, type ReviewItemRow, type ReviewRow } from './reviews.repository.js';
import { Revocation } from './revocation.js';

/** Manages access reviews: a snapshot of all access, one decision per item, and completion when none is open. */
@Injectable()
export class ReviewsService {
  constructor(
    private readonly reviews: ReviewsRepository,
    private readonly revocation: Revocation,
    private readonly audit: AuditLog,
    private readonly cursors: Cursors,
  ) {}

  async start(): Promise<ReviewRow> {
    const id = newId();
    const items = await this.reviews.start(id);
    this.audit.record('access_review.started', { target: { type: 'access-review', id }, meta: { items } });
    return this.read(id);
  }

  async list({ limit, cursor }: PageQuery): Promise<Page<ReviewRow>> {
    const scope = { purpose: 'access-reviews', orgId: currentContext().orgId };
    const before = this.cursors.lastId(scope, cursor);
    return this.cursors.page(scope, await this.reviews.list(before, limit + 1), limit, ({ id }) => [id]);
  }

  /** Throws not_found. */
  async read(id: string): Promise<ReviewRow> {
    const review = await this.reviews.find(id);
    if (review === null) throw new Problem('not_found');
    return review;
  }

  /** Throws not_found when the review does not exist. */
  async items(reviewId: string, { limit, cursor, decision }: ReviewItemsQuery): Promise<Page<ReviewItemRow>> {
    await this.read(reviewId);
    const scope = { purpose: `access-review ${reviewId}`, orgId: currentContext().orgId };
    const after = cursor === undefined ? 0 : (this.cursors.decode(scope, cursor)[0] as number);
    return this.cursors.page(
      scope,
      await this.reviews.items(reviewId, decision, after, limit + 1),
      limit,
      ({ number }) => [number],
    );
  }

  /** Throws not_found, access_review_self_review, access_review_item_already_decided, and the errors of `revoke`. */
  async decide(reviewId: string, itemId: string, { decision, note }: DecideItemDto): Promise<ReviewItemRow> {
    const item = await this.item(reviewId, itemId);
    const { membershipId: decidedBy } = currentMember();
    if (item.membershipId === decidedBy) throw new Problem('access_review_self_review');
    if (!(await this.reviews.decide(itemId, decision, decidedBy, note ?? null)))
      throw new Problem('access_review_item_already_decided');
    if (decision === 'revoke') await this.revocation.revoke(item);
    const { kind, membershipId, role, permission } = item;
    this.audit.record(decision === 'revoke' ? 'access_review.revoked' : 'access_review.confirmed', {
      target: { type: 'access-review', id: reviewId },
      meta: {
        itemId,
        kind,
        membershipId: membershipId ?? undefined,
        role: role ?? undefined,
        permission: permission ?? undefined,
      },
    });
    return this.item(reviewId, itemId);
  }

  /** Throws not_found, access_review_incomplete, or access_review_item_already_decided when already completed. */
  async complete(id: string): Promise<ReviewRow> {
    await this.read(id);
    try {
      if (!(await this.reviews.complete(id, currentMember().membershipId)))
        throw new Problem('access_review_item_already_decided');
    } catch (error) {
      if (errorCode(error) === '23514') throw new Problem('access_review_incomplete');
      throw error;
    }
    const review = await this.read(id);
    this.audit.record('access_review.completed', {
      target: { type: 'access-review', id },
      meta: { confirmed: review.confirmed, revoked: review.revoked },
    });
    return review;
  }

  private async item(reviewId: string, id: string): Promise<ReviewItemRow> {
    const item = await this.reviews.item(reviewId, id);
    if (item === null) throw new Problem('not_found');
    return item;
  }
}
