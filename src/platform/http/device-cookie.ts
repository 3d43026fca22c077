import { Injectable } from '@nestjs/common';
import { parse } from 'cookie';
import { Clock } from '../clock/clock.js';
import { AppConfig, SecurityConfig } from '../config/index.js';
import { constantTimeEqual, deriveKey, hmac } from '../crypto/index.js';

/** The format of `randomToken`; then the user, the time in epoch seconds, and the MAC of the server. */
const VALUE = /^([\w-]{43})(?:\.([\w-]{11})\.(\d{1,12})\.([\w-]{22}))?$/;
const USER_BYTES = 8;
const MAC_BYTES = 16;
/** How long a browser stays known after the last session that was opened in it. */
const KNOWN_SECONDS = 90 * 86_400;

/** What the device cookie of a request says about its browser. */
export interface Device {
  /** The random token of the browser; null when the cookie is missing or malformed. */
  readonly device: string | null;
  /** A keyed hash of the user who last signed in with the browser; null after 90 days without a sign-in. */
  readonly browserUser: string | null;
}

/**
 * The device cookie identifies a browser. Its value is a random token, a keyed hash of a user, a time, and a MAC, which
 * only the server can compute: the user has signed in with this browser at this time.
 */
@Injectable()
export class DeviceCookie {
  readonly name: string;
  private readonly key: Buffer;
  private readonly userKey: Buffer;

  constructor(
    app: AppConfig,
    security: SecurityConfig,
    private readonly clock: Clock,
  ) {
    this.name = app.deviceCookieName;
    const secret = Buffer.from(security.jwtSecret, 'hex');
    this.key = deriveKey(secret, 'device-cookie');
    this.userKey = deriveKey(secret, 'device-cookie-user');
  }

  /** Returns the value of the cookie for the token of a browser in which a user signs in now. */
  valueOf(token: string, userId: string): string {
    const claims = `${token}.${short(this.userKey, userId, USER_BYTES)}.${this.clock.seconds()}`;
    return `${claims}.${short(this.key, claims, MAC_BYTES)}`;
  }

  /** Reads a Cookie header. Parses it only if it contains the name. */
  read(header: string | undefined): Device {
    const value = header?.includes(this.name) ? parse(header)[this.name] : undefined;
    const [, device = null, user, at, mac] = VALUE.exec(value ?? '') ?? [];
    if (user === undefined || at === undefined || mac === undefined) return { device, browserUser: null };
    const isKnown =
      constantTimeEqual(mac, short(this.key, `${device}.${user}.${at}`, MAC_BYTES)) &&
      this.clock.seconds() - Number(at) < KNOWN_SECONDS;
    return { device, browserUser: isKnown ? user : null };
  }
}

function short(key: Buffer, text: string, bytes: number): string {
  return hmac(key, text).subarray(0, bytes).toString('base64url');
}
