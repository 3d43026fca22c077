import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { BlockList, isIP } from 'node:net';
import { Injectable, Logger } from '@nestjs/common';
import { Reader, type Response } from 'mmdb-lib';
import { HttpConfig } from '../config/index.js';
import { extentOf, type Extent } from './countries.js';

/** Where an address is: a country (ISO 3166-1 code), and somewhere within so many kilometres of a point. */
export interface Location extends Extent {
  country: string;
}

/** What databases of countries and of cities say, in the two forms there are. */
interface Entry {
  country_code?: unknown;
  country?: { iso_code?: unknown };
  location?: { latitude?: unknown; longitude?: unknown; accuracy_radius?: unknown };
}

const PACKAGED = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';
/**
 * Addresses of no place, whatever a database says of them: of this host, of private and of shared networks (RFC 6890).
 */
const NOWHERE = new BlockList();
for (const [address, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  NOWHERE.addSubnet(address, bits, 'ipv4');
}
for (const [address, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  NOWHERE.addSubnet(address, bits, 'ipv6');

/** How far a town's database may be off where it does not say. */
const TOWN_KM = 100;

/**
 * Tells where addresses are, from a file in MaxMind's format, asking nobody. The file is read when first needed;
 * without
 * one nothing is known of any address, and nothing else depends on it.
 */
@Injectable()
export class GeoIp {
  private readonly log = new Logger('Places');
  private reader: Reader<Response> | null | undefined;

  constructor(private readonly http: HttpConfig) {}

  /** Null for addresses that are nowhere in particular, or of which nothing is known. Never throws. */
  of(address: string | null): Location | null {
    const plain = address?.replace(/^::ffff:(?=[\d.]+$)/i, '') ?? '';
    const version = isIP(plain);
    if (version === 0 || NOWHERE.check(plain, version === 4 ? 'ipv4' : 'ipv6')) return null;
    if (this.reader === undefined) this.reader = this.open();
    try {
      return whereabouts(this.reader?.get(plain) as Entry | null | undefined);
    } catch {
      return null;
    }
  }

  private open(): Reader<Response> | null {
    try {
      const file = this.http.placesFile ?? createRequire(import.meta.url).resolve(PACKAGED);
      return new Reader<Response>(readFileSync(file));
    } catch {
      this.log.warn('there is no database of places: nobody is told of sign-ins from new countries');
      return null;
    }
  }
}

/** Reads an entry of the database; a country without a point stands for all of itself. */
export function whereabouts(entry: Entry | null | undefined): Location | null {
  const country = entry?.country_code ?? entry?.country?.iso_code;
  if (typeof country !== 'string') return null;
  const extent = extentOf(country);
  if (extent === undefined) return null;
  const { latitude, longitude, accuracy_radius: radius } = entry?.location ?? {};
  if (!isDegrees(latitude, 90) || !isDegrees(longitude, 180)) return { country, ...extent };
  return { country, latitude, longitude, radiusKm: typeof radius === 'number' && radius > 0 ? radius : TOWN_KM };
}

function isDegrees(value: unknown, most: number): value is number {
  return typeof value === 'number' && Math.abs(value) <= most;
}
