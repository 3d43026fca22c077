import { CronExpressionParser, type CronExpression } from 'cron-parser';
import type { ScheduleDeclaration } from '../feature/declarations.js';

type Timetable = Pick<ScheduleDeclaration, 'cron' | 'timezone'>;

const DAY_MS = 86_400_000;
const clocks = new Map<string, Intl.DateTimeFormat>();

/*
 * A schedule names local times. Cron is evaluated on the local calendar, which has no switches, and each local time is
 * then mapped to one instant. A local time that a switch skips runs at the switch; several such times run together. A
 * local time that a switch repeats runs the first time. Later local times never map to earlier instants.
 *
 * A local time is a number: the milliseconds since 1970 that the wall clock shows, read as UTC.
 */

/** Returns the latest slot of a schedule at or before an instant. Throws for an invalid cron expression or zone. */
export function latestSlot(timetable: Timetable, now: Date): Date {
  const at = now.getTime();
  const { timezone } = timetable;
  // After a repeated hour, the wall clock has already shown later times than now.
  const local = at + Math.max(offsetAt(timezone, at), offsetAt(timezone, at - DAY_MS));
  const times = localTimes(timetable, local + 1);
  for (;;) {
    const slot = instantOf(timezone, times.prev().getTime());
    if (slot <= at) return new Date(slot);
  }
}

/** Returns the first slot of a schedule after an instant. Throws for an invalid cron expression or zone. */
export function nextSlot(timetable: Timetable, now: Date): Date {
  const at = now.getTime();
  const times = localTimes(timetable, at + offsetAt(timetable.timezone, at));
  for (;;) {
    const slot = instantOf(timetable.timezone, times.next().getTime());
    if (slot > at) return new Date(slot);
  }
}

/** Returns whether a schedule has a valid cron expression and a known time zone. */
export function isTimetable(timetable: Timetable): boolean {
  try {
    latestSlot(timetable, new Date());
    return true;
  } catch {
    return false;
  }
}

function localTimes({ cron }: Timetable, from: number): CronExpression {
  return CronExpressionParser.parse(cron, { currentDate: new Date(from), tz: 'UTC' });
}

/** Returns the instant at which a wall clock first shows a local time, or the switch that skips this time. */
function instantOf(timezone: string, local: number): number {
  const [before, after] = [offsetAt(timezone, local - DAY_MS), offsetAt(timezone, local + DAY_MS)];
  const first = local - Math.max(before, after);
  const second = local - Math.min(before, after);
  for (const instant of [first, second]) if (instant + offsetAt(timezone, instant) === local) return instant;
  return switchBetween(timezone, first, second);
}

/** Returns the first instant after `from`, at most `to`, with another offset than `from`. */
function switchBetween(timezone: string, from: number, to: number): number {
  let [before, after] = [from, to];
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (offsetAt(timezone, middle) === offsetAt(timezone, from)) before = middle;
    else after = middle;
  }
  return after;
}

/** Returns the difference between the wall clock of a time zone and UTC, in milliseconds. */
function offsetAt(timezone: string, at: number): number {
  if (timezone === 'UTC') return 0;
  const second = Math.floor(at / 1_000) * 1_000;
  const parts = Object.fromEntries(
    clockOf(timezone)
      .formatToParts(second)
      .map(({ type, value }) => [type, Number(value)]),
  );
  return Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second) - second;
}

function clockOf(timezone: string): Intl.DateTimeFormat {
  let clock = clocks.get(timezone);
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: timezone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    clocks.set(timezone, clock);
  }
  return clock;
}
