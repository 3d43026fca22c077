import { Injectable } from '@nestjs/common';
import { hkdfSync, timingSafeEqual } from 'node:crypto';
import { SecurityConfig } from '../config/services.config.js';
import { hmac } from '../crypto/hmac.js';
import { Problem } from '../problem/problem.js';

/** A sort key of the last row of a page. */
export type CursorValue = string | number | boolean | null;

/** The scope of a cursor: one list of one organization. */
export interface CursorScope {
  purpose: string;
  orgId: string;
}

/** One page of a list. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

const MAC_BYTES = 16;

/**
 * Opaque cursors: base64url(JSON values) "." base64url(HMAC-SHA-256, first 16 bytes) over purpose, organization, and
 * values. The server accepts only its own cursors, for the same list.
 */
@Injectable()
export class Cursors {
  private readonly key: Buffer;

  constructor(security: SecurityConfig) {
    this.key = Buffer.from(hkdfSync('sha256', Buffer.from(security.jwtSecret, 'hex'), '', 'vouchsafe page cursor', 32));
  }

  encode(scope: CursorScope, values: readonly CursorValue[]): string {
    const payload = Buffer.from(JSON.stringify(values)).toString('base64url');
    return `${payload}.${this.mac(scope, payload)}`;
  }

  /** Returns the values of a cursor from `encode` with the same scope. Throws invalid_request for any other cursor. */
  decode(scope: CursorScope, cursor: string): CursorValue[] {
    const [payload = '', mac = '', ...more] = cursor.split('.');
    const expected = Buffer.from(this.mac(scope, payload));
    const given = Buffer.from(mac);
    const isValid = more.length === 0 && given.length === expected.length && timingSafeEqual(given, expected);
    if (!isValid)
      throw new Problem('invalid_request', { errors: [{ field: 'cursor', message: 'is not a cursor of this list' }] });
    return JSON.parse(Buffer.from(payload, 'base64url').toString()) as CursorValue[];
  }

  /** Returns the last id of the previous page, in a list ordered by id; null for the first page. Throws as `decode`. */
  lastId(scope: CursorScope, cursor: string | undefined): string | null {
    return cursor === undefined ? null : (this.decode(scope, cursor)[0] as string);
  }

  /**
   * Builds a page from rows read with `limit + 1`; the extra row only indicates another page. `position` returns the
   * sort keys of a row.
   */
  page<T>(
    scope: CursorScope,
    rows: readonly T[],
    limit: number,
    position: (row: T) => readonly CursorValue[],
  ): Page<T> {
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items, nextCursor: rows.length > limit && last !== undefined ? this.encode(scope, position(last)) : null };
  }

  private mac({ purpose, orgId }: CursorScope, payload: string): string {
    const text = JSON.stringify([purpose, orgId, payload]);
    return hmac(this.key, text).subarray(0, MAC_BYTES).toString('base64url');
  }
}
