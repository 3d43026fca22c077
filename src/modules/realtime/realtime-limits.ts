import { Injectable } from '@nestjs/common';

/** How much listening one process takes on. */
@Injectable()
export class RealtimeLimits {
  streamsOfSession = 5;
  streamsOfProcess = 2_000;
  /** How often an organization with listeners is looked at when nothing wakes it. */
  pollMs = 3_000;
  /** The least time between two looks: what happens in between goes out together. */
  restMillis = 50;
  /** How often a listener is shown that the stream lives, and its session is checked without an occasion. */
  heartbeatMs = 20_000;
  /**
   * How long a client may leave lying what it was sent; then it is dropped, and may come back by the last id it has.
   */
  stallMs = 30_000;
  /** Events read at once. */
  batch = 100;
  /** Transactions at once, so that listeners leave connections for requests. */
  transactions = 3;
}
