import { Body, Controller, Get, Param, ParseUUIDPipe, Post, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { DecideItemDto, ReviewItemResponse, ReviewItemsQuery, ReviewResponse } from './reviews.dto.js';
import { ReviewsService } from './reviews.service.js';

@Controller('v1/access/reviews')
export class ReviewsController {
  constructor(private readonly reviews: ReviewsService) {}

  /** Starts a review of all current access in the organization. */
  @Post()
  @Access('access-review:create', { emits: ['access_review.started'] })
  @ResponseType(ReviewResponse, { status: 201 })
  start() {
    return this.reviews.start();
  }

  @Get()
  @Access('access-review:read')
  @ResponseType(ReviewResponse, { list: true })
  list(@Query() query: PageQuery) {
    return this.reviews.list(query);
  }

  @Get(':id')
  @Access('access-review:read')
  @ResponseType(ReviewResponse)
  read(@Param('id', ParseUUIDPipe) id: string) {
    return this.reviews.read(id);
  }

  @Get(':id/items')
  @Access('access-review:read')
  @ResponseType(ReviewItemResponse, { list: true })
  items(@Param('id', ParseUUIDPipe) id: string, @Query() query: ReviewItemsQuery) {
    return this.reviews.items(id, query);
  }

  /** Confirms or revokes one item. A member cannot decide on an item about the member's own membership or overrides. */
  @Post(':id/items/:itemId')
  @Access('access-review:decide', {
    emits: [
      'access_review.confirmed',
      'access_review.revoked',
      'membership.ended',
      'membership.override_removed',
      'role.deleted',
      'role.override_removed',
    ],
  })
  @ResponseType(ReviewItemResponse)
  decide(
    @Param('id', ParseUUIDPipe) id: string,
    @Param('itemId', ParseUUIDPipe) itemId: string,
    @Body() body: DecideItemDto,
  ) {
    return this.reviews.decide(id, itemId, body);
  }

  /** Completes a review. Every item must be decided. */
  @Post(':id/complete')
  @Access('access-review:decide', { emits: ['access_review.completed'] })
  @ResponseType(ReviewResponse)
  complete(@Param('id', ParseUUIDPipe) id: string) {
    return this.reviews.complete(id);
  }
}
