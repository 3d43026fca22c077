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
   * What happens in the organization, as it happens: server-sent events, each only if the caller may know of it at that
   * moment. When the session ends, the last event is `end`, with the code of the problem.
   */
  @Get()
  @Access('signed-in', { background: true })
  @ResponseType.stream(LiveEventResponse)
  @ApiHeader({
    name: 'Last-Event-ID',
    required: false,
    description: 'The last `id` received: the stream goes on after it, for a day',
  })
  listen(@Headers('last-event-id') lastEventId = '') {
    return this.live.listen(lastEventId);
  }
}
