import { Controller, Param, ParseUUIDPipe, Post, Req } from '@nestjs/common';
import { Public } from '../../platform/access/decorators.js';
import type { SignedRequest } from '../../platform/http/body.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { DeliveryReceipt } from './webhooks.dto.js';
import { WebhooksService } from './webhooks.service.js';

@Controller('v1/webhooks')
export class WebhooksController {
  constructor(private readonly webhooks: WebhooksService) {}

  @Post(':sourceId')
  @Public('partner systems have no session: the signature authenticates every delivery', {
    emits: ['webhook.rejected', 'webhook.conflict'],
    body: { format: 'signed' },
    otherOrigins: 'the signature authenticates the sender, and no cookie has an effect',
  })
  @ResponseType(DeliveryReceipt, { status: 202 })
  receive(@Param('sourceId', ParseUUIDPipe) sourceId: string, @Req() request: SignedRequest) {
    return this.webhooks.receive(sourceId.toLowerCase(), request.headers, request.rawBody ?? Buffer.alloc(0));
  }
}
