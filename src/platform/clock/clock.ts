import { Injectable } from '@nestjs/common';

/** The only source of the current time, so that tests can set it. */
@Injectable()
export class Clock {
  /** Returns the current time. */
  now(): Date {
    return new Date();
  }

  /** Returns milliseconds since the Unix epoch. */
  millis(): number {
    return this.now().getTime();
  }

  /** Returns whole seconds since the Unix epoch. */
  seconds(): number {
    return Math.floor(this.millis() / 1000);
  }
}
