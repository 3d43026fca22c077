import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Problem } from '../../platform/problem/index.js';
import { RealtimePubSub } from '../../platform/realtime/realtime-pub-sub.js';
import { Channel } from './channel.js';
import type { Subscription } from './subscription.js';
import { RealtimeLimits } from './realtime-limits.js';

/** Manages all streams of this process. Redis notifications and a timer start polls; shutdown ends the streams. */
@Injectable()
export class Channels implements OnModuleDestroy {
  private readonly log = new Logger('Channels');
  private readonly channels = new Map<string, Channel>();
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(
    private readonly limits: RealtimeLimits,
    private readonly pubSub: RealtimePubSub,
  ) {}

  /** The number of open streams. */
  get open(): number {
    return this.listeners().length;
  }

  /** Throws stream_limit_reached, or unavailable when this process has reached its limit. */
  assertRoom(owner: string): void {
    const listeners = this.listeners();
    if (this.stopping || listeners.length >= this.limits.streamsOfProcess)
      throw new Problem('unavailable', { headers: { 'Retry-After': '2' } });
    if (listeners.filter((listener) => listener.owner === owner).length >= this.limits.streamsOfSession)
      throw new Problem('stream_limit_reached');
  }

  /** Delivers events to a subscription until its stream closes. */
  add(orgId: string, listener: Subscription): void {
    this.start();
    const feed =
      this.channels.get(orgId) ??
      new Channel(this.limits, (error) => this.log.warn('events could not be delivered; trying again', error));
    this.channels.set(orgId, feed);
    feed.subscriptions.add(listener);
    listener.stream.once('close', () => {
      feed.subscriptions.delete(listener);
      if (feed.subscriptions.size === 0 && this.channels.get(orgId) === feed) this.channels.delete(orgId);
    });
    feed.poll();
  }

  /** Runs before the server waits for its connections to end. Clients reconnect to another process. */
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
          .catch((error: unknown) => this.log.warn('a session could not be checked; trying again', error));
    }
  }

  private listeners(): Subscription[] {
    return [...this.channels.values()].flatMap((feed) => [...feed.subscriptions]);
  }
}
