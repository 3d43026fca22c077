import { Controller, Get, Headers } from '@nestjs/common';
import { ApiHeader, ApiTags } from '@nestjs/swagger';
import { Access } from '../../platform/access/decorators.js';
import { ResponseType } from '../../platform/http/response-type.js';
import { LiveEventResponse } from './realtime.dto.js';
import { RealtimeService } from './realtime.service.js';

@ApiTags('Live')
@Controller('v1/events')
export class RealtimeController {
  constructor(private readonly live: RealtimeService) {}

  /**
   * Streams the organization's events as server-sent events. Each event is checked against the caller's permissions at
   * the time of delivery. When the session ends, the last event is `end` with the problem code.
   */
  @Get()
  @Access('signed-in', { background: true })
  @ResponseType.stream(LiveEventResponse)
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The last received `id`. The stream continues after it, for up to one day',
  })
  listen(@Headers('last-event-id') lastEventId = '') {
    return this.live.listen(lastEventId);
  }
}
