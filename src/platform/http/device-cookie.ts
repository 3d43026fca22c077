import { Injectable } from '@nestjs/common';
import { parse } from 'cookie';
import { AppConfig, SecurityConfig } from '../config/index.js';
import { constantTimeEqual, deriveKey, hmac } from '../crypto/index.js';

/** The format of `randomToken`, and the MAC of the server. */
const VALUE = /^([\w-]{43})(?:\.([\w-]{22}))?$/;
const MAC_BYTES = 16;

/** What the device cookie of a request says about its browser. */
export interface Device {
  /** The random token of the browser; null when the cookie is missing or malformed. */
  readonly device: string | null;
  /** Whether the server set this cookie. It does so only when it opens a session. */
  readonly knownBrowser: boolean;
}

/**
 * The device cookie identifies a browser. Its value is a random token and a MAC of the token, which only the server can
 * compute: a browser with a valid MAC has signed a user in.
 */
@Injectable()
export class DeviceCookie {
  readonly name: string;
  private readonly key: Buffer;

  constructor(app: AppConfig, security: SecurityConfig) {
    this.name = app.deviceCookieName;
    this.key = deriveKey(Buffer.from(security.jwtSecret, 'hex'), 'device-cookie');
  }

  /** Returns the value of the cookie for the token of a browser. */
  valueOf(token: string): string {
    return `${token}.${this.mac(token)}`;
  }

  /** Reads a Cookie header. Parses it only if it contains the name. */
  read(header: string | undefined): Device {
    const value = header?.includes(this.name) ? parse(header)[this.name] : undefined;
    const [, device = null, mac] = VALUE.exec(value ?? '') ?? [];
    return {
      device,
      knownBrowser: device !== null && mac !== undefined && constantTimeEqual(mac, this.mac(device)),
    };
  }

  private mac(token: string): string {
    return hmac(this.key, token).subarray(0, MAC_BYTES).toString('base64url');
  }
}
