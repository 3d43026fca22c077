import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Injectable, Logger } from '@nestjs/common';
import { Reader, type Response } from 'mmdb-lib';
import { HttpConfig } from '../config/index.js';
import { extentOf, type Extent } from './countries.js';

/** Where an address is: a country (ISO 3166-1 code), and somewhere within so many kilometres of a point. */
export interface Whereabouts extends Extent {
  country: string;
}

/** What databases of countries and of cities say, in the two forms there are. */
interface Entry {
  country_code?: unknown;
  country?: { iso_code?: unknown };
  location?: { latitude?: unknown; longitude?: unknown; accuracy_radius?: unknown };
}

const PACKAGED = '@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb';
/** How far a town's database may be off where it does not say. */
const TOWN_KM = 100;

/**
 * Tells where addresses are, from a file in MaxMind's format, asking nobody. The file is read when first needed; without
 * one nothing is known of any address, and nothing else depends on it.
 */
@Injectable()
export class Places {
  private readonly log = new Logger('Places');
  private reader: Reader<Response> | null | undefined;

  constructor(private readonly http: HttpConfig) {}

  /** Null for addresses that are nowhere in particular, or of which nothing is known. Never throws. */
  of(address: string | null): Whereabouts | null {
    if (address === null) return null;
    this.reader ??= this.open();
    try {
      return whereabouts(this.reader?.get(address) as Entry | null | undefined);
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
export function whereabouts(entry: Entry | null | undefined): Whereabouts | null {
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
