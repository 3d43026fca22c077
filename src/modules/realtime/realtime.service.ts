import { Injectable } from '@nestjs/common';
import { currentContext, currentMember } from '../../platform/context/context.js';
import { Semaphore } from '../../platform/concurrency/semaphore.js';
import { audienceOf } from '../../platform/http/audience.js';
import type { EventStream } from '../../platform/http/event-stream.js';
import { EventIds } from './event-ids.js';
import { Channels } from './channels.js';
import { Subscription, type Source } from './subscription.js';
import { RealtimeLimits } from './realtime-limits.js';
import { RealtimeRepository } from './realtime.repository.js';

/** Opens streams. Each delivery checks the session and the permissions of the caller. */
@Injectable()
export class RealtimeService {
  private readonly transactions: Semaphore;

  constructor(
    private readonly repository: RealtimeRepository,
    private readonly feeds: Channels,
    private readonly ids: EventIds,
    private readonly limits: RealtimeLimits,
  ) {
    this.transactions = new Semaphore({ slots: () => limits.transactions });
  }

  /**
   * Opens a stream of the events after `lastEventId`. If it is empty, the stream starts now. Throws `invalid_request`
   * when `lastEventId` is invalid. Throws `last_event_id_expired` when the events after it are no longer stored. Throws
   * `stream_limit_reached` when the session has too many streams. Throws `unavailable` when this process cannot open a
   * stream now.
   */
  async listen(lastEventId: string): Promise<EventStream> {
    const { orgId } = currentContext();
    const { sessionId, apiKeyId, membershipId } = currentMember();
    const owner = sessionId ?? apiKeyId ?? membershipId;
    this.feeds.assertRoom(owner);
    const position = lastEventId === '' ? await this.repository.present() : this.ids.positionOf(orgId, lastEventId);
    const listener = new Subscription(owner, position, this.source(), (place) => this.ids.idOf(orgId, place));
    this.feeds.add(orgId, listener);
    return listener.stream;
  }

  private source(): Source {
    const { run: runAgain } = currentContext().again;
    return {
      after: (position) =>
        this.transactions.withSlot(() =>
          runAgain!(async () => ({
            ...(await this.repository.after(position, this.limits.batch)),
            audience: audienceOf(currentMember()),
          })),
        ),
      head: () => this.transactions.withSlot(() => runAgain!(() => this.repository.head())),
    };
  }
}
