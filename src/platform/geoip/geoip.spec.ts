import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { writePlaces } from '../../../test/harness/geoip.js';
import { COUNTRY_CODES, extentOf } from './countries.js';
import { GeoIp, toLocation } from './geoip.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'vouchsafe-geoIp-'));
});
afterAll(() => rm(folder, { recursive: true }));

const from = (geoipFile?: string) => new GeoIp({ geoipFile } as never);

describe('the installed GeoIP database', () => {
  it.each([
    ['8.8.8.8', 'US'],
    ['193.0.6.139', 'NL'],
    ['2001:4860:4860::8888', 'US'],
    ['::ffff:8.8.8.8', 'US'],
  ])('returns the country of %s', (ip, country) => {
    expect(from().of(ip)).toEqual({ country, ...extentOf(country) });
  });

  it.each([
    '127.0.0.1',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.0.1',
    '::',
    '::1',
    '::ffff:10.0.0.1',
    'fe80::1',
    'fd00::1',
    'no IP',
    '',
  ])('returns null for %s', (ip) => {
    expect(from().of(ip)).toBeNull();
  });
});

describe('a custom GeoIP database', () => {
  it('replaces the installed one and can contain coordinates', async () => {
    const geoIp = from(
      await writePlaces(path.join(folder, 'own.mmdb'), {
        '203.0.113.0/28': { country_code: 'DE' },
        '203.0.113.16/28': {
          country: { iso_code: 'JP' },
          location: { latitude: 35.5, longitude: 139.5, accuracy_radius: 20 },
        },
        '203.0.113.32/28': { country: { iso_code: 'BR' }, location: { latitude: -23.5, longitude: -46.5 } },
      }),
    );
    expect(geoIp.of('203.0.113.15')).toEqual({ country: 'DE', latitude: 51.2, longitude: 10.4, radiusKm: 450 });
    expect(geoIp.of('203.0.113.16')).toEqual({ country: 'JP', latitude: 35.5, longitude: 139.5, radiusKm: 20 });
    expect(geoIp.of('203.0.113.33')).toEqual({ country: 'BR', latitude: -23.5, longitude: -46.5, radiusKm: 100 });
    expect([geoIp.of('203.0.113.48'), geoIp.of('8.8.8.8'), geoIp.of(null)]).toEqual([null, null, null]);
  });

  it('that is missing or corrupt returns null without an error', async () => {
    await writeFile(path.join(folder, 'broken.mmdb'), 'no database');
    for (const name of ['broken.mmdb', 'missing.mmdb']) expect(from(path.join(folder, name)).of('8.8.8.8')).toBeNull();
  });

  it('is validated for arbitrary records', () => {
    fc.assert(
      fc.property(fc.anything(), (entry) => {
        const location = toLocation(entry as never);
        expect(location === null || COUNTRY_CODES.includes(location.country)).toBe(true);
      }),
    );
    expect([toLocation({ country_code: 'ZZ' }), toLocation({ country_code: 'de' }), toLocation(null)]).toEqual([
      null,
      null,
      null,
    ]);
    expect(toLocation({ country_code: 'DE', location: { latitude: 91, longitude: 0 } })).toEqual({
      country: 'DE',
      ...extentOf('DE'),
    });
    expect(toLocation({ country_code: 'DE', location: { latitude: Number.NaN, longitude: 0 } })).toEqual({
      country: 'DE',
      ...extentOf('DE'),
    });
  });
});

it('every country has valid coordinates', () => {
  expect(COUNTRY_CODES).toHaveLength(250);
  for (const code of COUNTRY_CODES) {
    const { latitude, longitude, radiusKm } = extentOf(code)!;
    expect([
      code,
      /^[A-Z]{2}$/.test(code),
      Math.abs(latitude) <= 90,
      Math.abs(longitude) <= 180,
      (radiusKm > 0 && radiusKm <= 4_500) || code === 'AQ',
    ]).toEqual([code, true, true, true, true]);
  }
});
