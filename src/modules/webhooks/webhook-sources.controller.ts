import { Body, Controller, Delete, Get, Param, ParseUUIDPipe, Patch, Post, Query } from '@nestjs/common';
import { Access } from '../../platform/access/decorators.js';
import { PageQuery } from '../../platform/http/pagination.dto.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { DeliveriesService } from './deliveries.service.js';
import { WebhookSourcesService } from './webhook-sources.service.js';
import {
  CreatedSourceResponse,
  CreateSourceDto,
  DeliveriesQuery,
  DeliveryResponse,
  ReplayResponse,
  RotatedSecretResponse,
  RotateSecretDto,
  SourceDetailResponse,
  SourceResponse,
  UpdateSourceDto,
} from './webhooks.dto.js';

@Controller('v1/webhook-sources')
export class WebhookSourcesController {
  constructor(
    private readonly sources: WebhookSourcesService,
    private readonly deliveries: DeliveriesService,
  ) {}

  @Get()
  @Access('webhook:read')
  @ResponseType(SourceResponse, { list: true })
  list(@Query() query: PageQuery) {
    return this.sources.list(query);
  }

  @Post()
  @Access('webhook:create', { emits: ['webhook_source.created'], stepUpMinutes: 30 })
  @ResponseType(CreatedSourceResponse, { status: 201 })
  create(@Body() body: CreateSourceDto) {
    return this.sources.create(body);
  }

  @Get(':id')
  @Access('webhook:read')
  @ResponseType(SourceDetailResponse)
  read(@Param('id', ParseUUIDPipe) id: string) {
    return this.sources.read(id);
  }

  @Patch(':id')
  @Access('webhook:update', { emits: ['webhook_source.updated'], stepUpMinutes: 30 })
  @ResponseType(SourceResponse)
  update(@Param('id', ParseUUIDPipe) id: string, @Body() body: UpdateSourceDto) {
    return this.sources.update(id, body);
  }

  @Delete(':id')
  @Access('webhook:update', { emits: ['webhook_source.removed'], stepUpMinutes: 30 })
  @ResponseType.nothing()
  remove(@Param('id', ParseUUIDPipe) id: string) {
    return this.sources.remove(id);
  }

  @Post(':id/secrets')
  @Access('webhook:rotate', { emits: ['webhook_secret.rotated'], stepUpMinutes: 30 })
  @ResponseType(RotatedSecretResponse, { status: 201 })
  rotate(@Param('id', ParseUUIDPipe) id: string, @Body() body: RotateSecretDto) {
    return this.sources.rotate(id, body);
  }

  @Get(':id/deliveries')
  @Access('delivery:read')
  @ResponseType(DeliveryResponse, { list: true })
  listDeliveries(@Param('id', ParseUUIDPipe) id: string, @Query() query: DeliveriesQuery) {
    return this.deliveries.list(id, query);
  }

  @Post('deliveries/:deliveryId/replay')
  @Access('delivery:replay', { emits: ['webhook.replayed'] })
  @ResponseType(ReplayResponse, { status: 202 })
  replay(@Param('deliveryId', ParseUUIDPipe) deliveryId: string) {
    return this.deliveries.replay(deliveryId);
  }
}
