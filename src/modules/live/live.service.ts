import { Injectable } from '@nestjs/common';
import { currentContext, currentMember } from '../../platform/context/context.js';
import { audienceOf } from '../../platform/http/audience.js';
import type { EventStream } from '../../platform/http/event-stream.js';
import { EventIds } from './event-ids.js';
import { Feeds } from './feeds.js';
import { Listener, type Source } from './listener.js';
import { LiveLimits } from './live-limits.js';
import { LiveRepository } from './live.repository.js';
import { Turns } from './turns.js';

/** Opens streams. What they carry is decided at each delivery, by the caller's session and rights of that moment. */
@Injectable()
export class LiveService {
  private readonly turns: Turns;

  constructor(
    private readonly repository: LiveRepository,
    private readonly feeds: Feeds,
    private readonly ids: EventIds,
    private readonly limits: LiveLimits,
  ) {
    this.turns = new Turns(() => limits.transactions);
  }

  /**
   * A stream of what follows `lastEventId`, or of what happens from now on. Throws invalid_request and
   * last_event_id_expired for that id, too_many_streams, unavailable.
   */
  async listen(lastEventId: string): Promise<EventStream> {
    const { orgId } = currentContext();
    const { sessionId, apiKeyId, membershipId } = currentMember();
    const owner = sessionId ?? apiKeyId ?? membershipId;
    this.feeds.assertRoom(owner);
    const position = lastEventId === '' ? await this.repository.present() : this.ids.positionOf(orgId, lastEventId);
    const listener = new Listener(owner, position, this.source(), (place) => this.ids.idOf(orgId, place));
    this.feeds.add(orgId, listener);
    return listener.stream;
  }

  private source(): Source {
    const { run: runAgain } = currentContext().again;
    return {
      after: (position) =>
        this.turns.take(() =>
          runAgain!(async () => ({
            ...(await this.repository.after(position, this.limits.batch)),
            audience: audienceOf(currentMember()),
          })),
        ),
      head: () => this.turns.take(() => runAgain!(() => this.repository.head())),
    };
  }
}
