import { Injectable } from '@nestjs/common';

/** Limits for the streams of one process. */
@Injectable()
export class RealtimeLimits {
  streamsOfSession = 5;
  streamsOfProcess = 2_000;
  /** How often an organization with subscriptions is polled without a notification. */
  pollMs = 3_000;
  /** The minimum time between two polls. Events in between are delivered together. */
  restMs = 50;
  /** How often a stream gets a heartbeat and its session is checked. */
  heartbeatMs = 20_000;
  /** How long a client may leave sent data unread. The server then closes the stream; the client can resume by id. */
  stallMs = 30_000;
  /** Events per read. */
  batch = 100;
  /** Concurrent transactions, so that streams leave database connections for requests. */
  transactions = 3;
}
