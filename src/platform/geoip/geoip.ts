import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BlockList, isIP } from 'node:net';
import { Injectable, Logger } from '@nestjs/common';
import { Reader, type Response } from 'mmdb-lib';
import { HttpConfig } from '../config/index.js';
import { extentOf, type Extent } from './countries.js';

/** The location of an IP: a country (ISO 3166-1 code) and a point with an accuracy radius in kilometers. */
export interface Location extends Extent {
  country: string;
}

/** A record of a country or city database, in its two forms. */
interface GeoIpRecord {
  country_code?: unknown;
  country?: { iso_code?: unknown };
  location?: { latitude?: unknown; longitude?: unknown; accuracy_radius?: unknown };
}

const PACKAGED = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';
/** IPs without a location, even if a database lists them: loopback, private, and shared networks (RFC 6890). */
const UNLOCATABLE = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  UNLOCATABLE.addSubnet(network, bits, 'ipv4');
}
for (const [network, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  UNLOCATABLE.addSubnet(network, bits, 'ipv6');

/** The default accuracy radius of a city record. */
const CITY_RADIUS_KM = 100;

/**
 * Looks up the location of an IP in a local MaxMind DB file. The file is read at the first lookup. Without a file,
 * every lookup returns null and no other function depends on it.
 */
@Injectable()
export class GeoIp {
  private readonly log = new Logger('GeoIp');
  private reader: Reader<Response> | null | undefined;

  constructor(private readonly http: HttpConfig) {}

  /** Returns the location of an IP, or null if it is unknown. Never throws. */
  of(ip: string | null): Location | null {
    const plain = ip?.replace(/^::ffff:(?=[\d.]+$)/i, '') ?? '';
    const version = isIP(plain);
    if (version === 0 || UNLOCATABLE.check(plain, version === 4 ? 'ipv4' : 'ipv6')) return null;
    if (this.reader === undefined) this.reader = this.open();
    try {
      return toLocation(this.reader?.get(plain) as GeoIpRecord | null | undefined);
    } catch {
      return null;
    }
  }

  private open(): Reader<Response> | null {
    try {
      const file = this.http.geoipFile ?? createRequire(import.meta.url).resolve(PACKAGED);
      return new Reader<Response>(readFileSync(file));
    } catch {
      this.log.warn('no GeoIP database is available: alerts about sign-ins from new countries are off');
      return null;
    }
  }
}

/** Converts a database record to a location. A country without coordinates covers its whole extent. */
export function toLocation(entry: GeoIpRecord | null | undefined): Location | null {
  const country = entry?.country_code ?? entry?.country?.iso_code;
  if (typeof country !== 'string') return null;
  const extent = extentOf(country);
  if (extent === undefined) return null;
  const { latitude, longitude, accuracy_radius: radius } = entry?.location ?? {};
  if (!isDegrees(latitude, 90) || !isDegrees(longitude, 180)) return { country, ...extent };
  return { country, latitude, longitude, radiusKm: typeof radius === 'number' && radius > 0 ? radius : CITY_RADIUS_KM };
}

function isDegrees(value: unknown, max: number): value is number {
  return typeof value === 'number' && Math.abs(value) <= max;
}
