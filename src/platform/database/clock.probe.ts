import { Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { isUnavailable } from './errors.js';
import { UnitOfWork } from './unit-of-work.js';

/** Expiry times and second factors tolerate less than this difference. */
export const MAX_SKEW_MS = 5_000;

/** Checks that the clock of this machine agrees with the clock of the database, within five seconds. */
@Injectable()
export class ClockProbe {
  readonly name = 'clock';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  async check(): Promise<void> {
    const before = this.clock.machineMillis();
    const at = await this.databaseTime();
    const after = this.clock.machineMillis();
    const skewMs = Math.max(before - at, at - after);
    if (skewMs > MAX_SKEW_MS) throw new Error(`the clock differs from that of the database by ${skewMs} ms`);
  }

  /** Returns milliseconds since the Unix epoch. During an outage there is nothing to compare, so returns NaN. */
  private async databaseTime(): Promise<number> {
    try {
      const [row] = await this.unitOfWork.queryOnce<{ at: Date }>('SELECT clock_timestamp() AS at');
      return row!.at.getTime();
    } catch (error) {
      if (isUnavailable(error)) return Number.NaN;
      throw error;
    }
  }
}
