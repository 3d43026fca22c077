import { describe, expect, it } from '@jest/globals';
import { Clock } from '../clock/clock.js';
import type { AppConfig, SecurityConfig } from '../config/index.js';
import { DeviceCookie } from './device-cookie.js';

const DAY = 86_400_000;
const TOKEN = 'B'.repeat(43);
const [JANE, JOHN] = ['019a0000-0000-7000-8000-00000000000a', '019a0000-0000-7000-8000-00000000000b'];

let now = 1_800_000_000_000;
const clock = Object.assign(new Clock(), { now: () => new Date(now) });
const cookies = (secret = 'ab'.repeat(32)) =>
  new DeviceCookie({ deviceCookieName: 'device' } as AppConfig, { jwtSecret: secret } as SecurityConfig, clock);
const cookie = cookies();
const userOf = (value: string, reader = cookie) => reader.read(`other=1; device=${value}`).browserUser;

describe('a device cookie', () => {
  it('names the user who signed in by the same hash in every browser, and contains no user id', () => {
    const [one, two] = [cookie.valueOf(TOKEN, JANE), cookie.valueOf('C'.repeat(43), JANE)];
    expect(userOf(one)).toMatch(/^[\w-]{11}$/);
    expect([userOf(two), userOf(cookie.valueOf(TOKEN, JOHN)) === userOf(one)]).toEqual([userOf(one), false]);
    expect(one).not.toContain(JANE.slice(-8));
  });

  it('makes a browser known for 90 days, and identifies it after that', () => {
    const value = cookie.valueOf(TOKEN, JANE);
    now += 90 * DAY - 1_000;
    expect(userOf(value)).not.toBeNull();
    now += 1_000;
    expect(cookie.read(`device=${value}`)).toEqual({ device: TOKEN, browserUser: null });
    expect(userOf(cookie.valueOf(TOKEN, JANE))).not.toBeNull();
  });

  it('is known only with every part as the server set it', () => {
    const value = cookie.valueOf(TOKEN, JANE);
    const [, , at, mac] = value.split('.');
    const forged = [
      TOKEN,
      `${TOKEN}.${mac}`,
      value.replace(TOKEN, 'C'.repeat(43)),
      value.replace(`.${at}.`, `.${Number(at) + 1}.`),
      value.replace(userOf(value)!, userOf(cookie.valueOf(TOKEN, JOHN))!),
      `${value.slice(0, -22)}${'A'.repeat(22)}`,
    ];
    expect(forged.map((one) => userOf(one))).toEqual(forged.map(() => null));
    expect(userOf(value, cookies('cd'.repeat(32)))).toBeNull();
  });
});
