import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isTimetable, latestSlot, nextSlot } from './slots.js';

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const iso = (at: Date | number) => new Date(at).toISOString();

/** Returns what a wall clock shows, as text whose order is the order of local times. */
function wallClock(timezone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'medium' });
  return (at) => format.format(at);
}

/** Returns the noon before the first change of the offset within 400 days, or the start itself. */
function beforeSwitch(timezone: string, start: number): number {
  const wall = wallClock(timezone);
  const timeOf = (at: number) => wall(at).slice(11);
  const day = Array.from({ length: 400 }, (_, i) => start + i * DAY).find((at) => timeOf(at) !== timeOf(at + DAY));
  return day ?? start;
}

interface Fields {
  minute: number | '*/15';
  hour: number | '*';
  weekday: number | '*';
}

const cronOf = ({ minute, hour, weekday }: Fields) => `${minute} ${hour} * * ${weekday}`;
const names = ({ minute, hour, weekday }: Fields, local: Date) =>
  (minute === '*/15' ? local.getUTCMinutes() % 15 === 0 : local.getUTCMinutes() === minute) &&
  (hour === '*' || local.getUTCHours() === hour) &&
  (weekday === '*' || local.getUTCDay() === weekday);

/**
 * Returns the instants at which a wall clock first shows or passes each local time of a schedule, for three days. It
 * looks at every minute, so it shares no rule with the code.
 */
function expectedSlots(timezone: string, fields: Fields, start: number): number[] {
  const wall = wallClock(timezone);
  const minutes = Array.from({ length: 7 * 1_440 }, (_, i) => start - 2 * DAY + i * MINUTE);
  const shown = minutes.map(wall);
  const slots = new Set<number>();
  let reached = 0;
  for (let local = start - DAY; local < start + 3 * DAY; local += MINUTE) {
    if (!names(fields, new Date(local))) continue;
    const text = iso(local).slice(0, 19).replace('T', ' ');
    while (shown[reached]! < text) reached += 1;
    slots.add(minutes[reached]!);
  }
  return [...slots];
}

const timezone = fc.constantFrom('UTC', ...Intl.supportedValuesOf('timeZone'));
const instant = fc
  .integer({ min: Date.UTC(2000, 0, 1) / MINUTE, max: Date.UTC(2037, 0, 1) / MINUTE })
  .map((minutes) => minutes * MINUTE);
const fields = fc.record<Fields>({
  minute: fc.oneof(fc.nat(59), fc.constant<'*/15'>('*/15')),
  hour: fc.oneof({ arbitrary: fc.nat(23), weight: 2 }, { arbitrary: fc.constant<'*'>('*'), weight: 1 }),
  weekday: fc.oneof({ arbitrary: fc.constant<'*'>('*'), weight: 2 }, { arbitrary: fc.nat(6), weight: 1 }),
});

describe('the slots of a schedule', () => {
  it('contain each local time exactly once, in every time zone and at every switch', () => {
    fc.assert(
      fc.property(timezone, instant, fields, fc.boolean(), (zone, random, named, atSwitch) => {
        const start = Math.floor((atSwitch ? beforeSwitch(zone, random) : random) / MINUTE) * MINUTE;
        const timetable = { cron: cronOf(named), timezone: zone };
        const slots = expectedSlots(zone, named, start);
        const found = slots.flatMap((slot, i) =>
          i === 0
            ? []
            : [
                [latestSlot(timetable, new Date(slot)), latestSlot(timetable, new Date(slot - 1))].map(iso),
                [nextSlot(timetable, new Date(slots[i - 1]!)), nextSlot(timetable, new Date(slot - 1))].map(iso),
              ],
        );
        const expected = slots.flatMap((slot, i) =>
          i === 0
            ? []
            : [
                [iso(slot), iso(slots[i - 1]!)],
                [iso(slot), iso(slot)],
              ],
        );
        expect(found).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  it.each<[string, string, string, string, string[]]>([
    [
      'run a skipped local time at the switch',
      '30 2 * * *',
      'America/New_York',
      '2026-03-07T12:00:00Z',
      ['2026-03-08T07:00:00.000Z', '2026-03-09T06:30:00.000Z'],
    ],
    [
      'run a repeated local time once',
      '30 1 * * *',
      'America/New_York',
      '2026-10-31T12:00:00Z',
      ['2026-11-01T05:30:00.000Z', '2026-11-02T06:30:00.000Z'],
    ],
    [
      'run a skipped midnight at the switch',
      '0 0 * * 0',
      'America/Santiago',
      '2026-09-02T12:00:00Z',
      ['2026-09-06T04:00:00.000Z', '2026-09-13T03:00:00.000Z'],
    ],
    [
      'run the time of a skipped day at the switch',
      '0 9 * * *',
      'Pacific/Apia',
      '2011-12-29T22:00:00Z',
      ['2011-12-30T10:00:00.000Z', '2011-12-30T19:00:00.000Z'],
    ],
    [
      'follow a switch of half an hour',
      '45 1 * * *',
      'Australia/Lord_Howe',
      '2026-04-04T00:00:00Z',
      ['2026-04-04T14:45:00.000Z', '2026-04-05T15:15:00.000Z'],
    ],
  ])('%s', (_what, cron, zone, from, expected) => {
    const first = nextSlot({ cron, timezone: zone }, new Date(from));
    expect([first, nextSlot({ cron, timezone: zone }, first)].map(iso)).toEqual(expected);
  });
});

it.each([
  ['0 * * * *', 'UTC', true],
  ['0 0 29 2 *', 'Europe/Zurich', true],
  ['0 0 30 2 *', 'UTC', false],
  ['every hour', 'UTC', false],
  ['0 * * * *', 'Mars/Olympus', false],
])('the timetable %j in %s is valid: %j', (cron, zone, valid) => {
  expect(isTimetable({ cron, timezone: zone })).toBe(valid);
});
