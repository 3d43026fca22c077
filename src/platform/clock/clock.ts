import { Injectable } from '@nestjs/common';

/** The one source of the present moment, so that tests can move it. */
@Injectable()
export class Clock {
  /** The present moment. */
  now(): Date {
    return new Date();
  }

  /** Milliseconds since the Unix epoch. */
  millis(): number {
    return this.now().getTime();
  }

  /** Whole seconds since the Unix epoch. */
  seconds(): number {
    return Math.floor(this.millis() / 1000);
  }
}
