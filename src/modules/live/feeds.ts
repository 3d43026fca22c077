import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { Problem } from '../../platform/problem/index.js';
import { WakeUps } from '../../platform/live/wake-ups.js';
import { Feed } from './feed.js';
import type { Listener } from './listener.js';
import { LiveLimits } from './live-limits.js';

/** Every stream of this process: woken by Redis, looked after by a timer, ended with the process. */
@Injectable()
export class Feeds implements OnModuleDestroy {
  private readonly log = new Logger('Feeds');
  private readonly feeds = new Map<string, Feed>();
  private timer: NodeJS.Timeout | undefined;
  private stopping = false;

  constructor(
    private readonly limits: LiveLimits,
    private readonly wakeUps: WakeUps,
  ) {}

  /** Streams open now. */
  get open(): number {
    return this.listeners().length;
  }

  /** Throws too_many_streams, or unavailable where this process takes on no more. */
  assertRoom(owner: string): void {
    const listeners = this.listeners();
    if (this.stopping || listeners.length >= this.limits.streamsOfProcess)
      throw new Problem('unavailable', { headers: { 'Retry-After': '2' } });
    if (listeners.filter((listener) => listener.owner === owner).length >= this.limits.streamsOfSession)
      throw new Problem('too_many_streams');
  }

  /** Keeps a listener supplied until its stream is closed. */
  add(orgId: string, listener: Listener): void {
    this.start();
    const feed =
      this.feeds.get(orgId) ??
      new Feed(this.limits, (error) => this.log.warn('listeners could not be told, trying again', error));
    this.feeds.set(orgId, feed);
    feed.listeners.add(listener);
    listener.stream.once('close', () => {
      feed.listeners.delete(listener);
      if (feed.listeners.size === 0 && this.feeds.get(orgId) === feed) this.feeds.delete(orgId);
    });
    feed.look();
  }

  /** Comes before the server waits for its connections to end. Clients come back, and find another process. */
  onModuleDestroy(): void {
    this.stopping = true;
    clearInterval(this.timer);
    for (const { stream } of this.listeners()) stream.finish();
  }

  private start(): void {
    if (this.timer !== undefined) return;
    this.wakeUps.listen((orgId) => this.feeds.get(orgId)?.look());
    this.timer = setInterval(() => this.lookAfterAll(), this.limits.lookMillis).unref();
  }

  private lookAfterAll(): void {
    for (const feed of this.feeds.values()) feed.look();
    for (const listener of this.listeners()) {
      if (listener.stream.stalledMillis > this.limits.stallMillis) listener.stream.cut();
      else
        listener
          .beat(this.limits.beatMillis)
          .catch((error: unknown) => this.log.warn('a session could not be checked, trying again', error));
    }
  }

  private listeners(): Listener[] {
    return [...this.feeds.values()].flatMap((feed) => [...feed.listeners]);
  }
}
