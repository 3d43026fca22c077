import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Problem } from '../../platform/problem/index.js';
import { RealtimePubSub } from '../../platform/realtime/realtime-pub-sub.js';
import { Channel } from './channel.js';
import type { Subscription } from './subscription.js';
import { RealtimeLimits } from './realtime-limits.js';

/** Every stream of this process: woken by Redis, looked after by a timer, ended with the process. */
@Injectable()
export class Channels implements OnModuleDestroy {
  private readonly log = new Logger('Feeds');
  private readonly channels = new Map<string, Channel>();
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(
    private readonly limits: RealtimeLimits,
    private readonly pubSub: RealtimePubSub,
  ) {}

  /** Streams open now. */
  get open(): number {
    return this.listeners().length;
  }

  /** Throws stream_limit_reached, or unavailable where this process takes on no more. */
  assertRoom(owner: string): void {
    const listeners = this.listeners();
    if (this.stopping || listeners.length >= this.limits.streamsOfProcess)
      throw new Problem('unavailable', { headers: { 'Retry-After': '2' } });
    if (listeners.filter((listener) => listener.owner === owner).length >= this.limits.streamsOfSession)
      throw new Problem('stream_limit_reached');
  }

  /** Keeps a listener supplied until its stream is closed. */
  add(orgId: string, listener: Subscription): void {
    this.start();
    const feed =
      this.channels.get(orgId) ??
      new Channel(this.limits, (error) => this.log.warn('listeners could not be told, trying again', error));
    this.channels.set(orgId, feed);
    feed.subscriptions.add(listener);
    listener.stream.once('close', () => {
      feed.subscriptions.delete(listener);
      if (feed.subscriptions.size === 0 && this.channels.get(orgId) === feed) this.channels.delete(orgId);
    });
    feed.poll();
  }

  /** Comes before the server waits for its connections to end. Clients come back, and find another process. */
  onModuleDestroy(): void {
    this.stopping = true;
    clearInterval(this.timer);
    for (const { stream } of this.listeners()) stream.finish();
  }

  private start(): void {
    if (this.timer !== undefined) return;
    this.pubSub.listen((orgId) => this.channels.get(orgId)?.poll());
    this.timer = setInterval(() => this.maintainAll(), this.limits.pollMs).unref();
  }

  private maintainAll(): void {
    for (const feed of this.channels.values()) feed.poll();
    for (const listener of this.listeners()) {
      if (listener.stream.stalledMillis > this.limits.stallMs) listener.stream.cut();
      else
        listener
          .heartbeat(this.limits.heartbeatMs)
          .catch((error: unknown) => this.log.warn('a session could not be checked, trying again', error));
    }
  }

  private listeners(): Subscription[] {
    return [...this.channels.values()].flatMap((feed) => [...feed.subscriptions]);
  }
}
