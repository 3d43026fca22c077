import { Injectable } from '@nestjs/common';

/** The only source of the current time, so that tests can set it. */
@Injectable()
export class Clock {
  /** Moves the time of a test in milliseconds. It is 0 in every process of an installation. */
  shiftMs = 0;

  /** Returns the current time. */
  now(): Date {
    return new Date(this.machineMillis() + this.shiftMs);
  }

  /** Returns milliseconds since the Unix epoch. */
  millis(): number {
    return this.now().getTime();
  }

  /** Returns whole seconds since the Unix epoch. */
  seconds(): number {
    return Math.floor(this.millis() / 1000);
  }

  /** Returns the time of this machine in milliseconds since the Unix epoch. It can be wrong. */
  machineMillis(): number {
    return Date.now();
  }
}
