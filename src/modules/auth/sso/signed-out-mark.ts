import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { parseCookie, stringifySetCookie } from 'cookie';
import { AppConfig } from '../../../platform/config/index.js';

/** A user who shares the computer can return days later. The mark ends earlier, at the next sign-in. */
const MARK_SECONDS = 7 * 86_400;
const MAX_CONNECTIONS = 5;
/** The state of the last logout, 32 random bytes in base64url, and the ids of connections, the newest first. */
const MARK = /^([\w-]{43})((?:\.[0-9a-f-]{36}){1,5})$/;

interface Mark {
  readonly state: string;
  readonly connectionIds: readonly string[];
}

/**
 * The cookie that remembers the connections through which this browser signed out. The session at the provider can
 * still exist. The next sign-in through such a connection therefore asks the provider to authenticate the user again.
 */
@Injectable()
export class SignedOutMark {
  constructor(private readonly app: AppConfig) {}

  /** Adds a connection. Returns the cookie, and the state that proves that the provider completed this logout. */
  add(cookieHeader: string | undefined, connectionId: string): { state: string; setCookie: string } {
    const state = randomBytes(32).toString('base64url');
    const others = this.read(cookieHeader)?.connectionIds.filter((id) => id !== connectionId) ?? [];
    const connectionIds = [connectionId, ...others].slice(0, MAX_CONNECTIONS);
    return { state, setCookie: this.cookie({ state, connectionIds }) };
  }

  /** Returns whether the browser signed out of a session of this connection and has not signed in since. */
  includes(cookieHeader: string | undefined, connectionId: string): boolean {
    return this.read(cookieHeader)?.connectionIds.includes(connectionId) ?? false;
  }

  /** Returns the cookie without a connection. Returns undefined when the browser has no mark of the connection. */
  remove(cookieHeader: string | undefined, connectionId: string): string | undefined {
    const mark = this.read(cookieHeader);
    if (mark?.connectionIds.includes(connectionId) !== true) return undefined;
    return this.cookie({ ...mark, connectionIds: mark.connectionIds.filter((id) => id !== connectionId) });
  }

  /** Removes a connection from the browser's mark, because the user has signed in through it. */
  signedIn({ headers }: Request, response: Response, connectionId: string): void {
    const setCookie = this.remove(headers.cookie, connectionId);
    if (setCookie !== undefined) response.append('Set-Cookie', setCookie);
  }

  /** Returns the connection of the last logout, and whether `state` proves that its provider completed the logout. */
  last(cookieHeader: string | undefined, state: unknown): { connectionId: string; ended: boolean } | undefined {
    const mark = this.read(cookieHeader);
    return mark && { connectionId: mark.connectionIds[0]!, ended: isSame(mark.state, state) };
  }

  private read(cookieHeader: string | undefined): Mark | undefined {
    const [, state, ids] = MARK.exec(parseCookie(cookieHeader ?? '')[this.name] ?? '') ?? [];
    return state === undefined ? undefined : { state, connectionIds: ids!.slice(1).split('.') };
  }

  /** The provider's response is a cross-site form post, with which browsers send only `SameSite=None` cookies. */
  private cookie({ state, connectionIds }: Mark): string {
    const isEmpty = connectionIds.length === 0;
    return stringifySetCookie({
      name: this.name,
      value: isEmpty ? '' : [state, ...connectionIds].join('.'),
      httpOnly: true,
      secure: this.app.secure,
      sameSite: this.app.secure ? 'none' : 'lax',
      path: '/',
      maxAge: isEmpty ? 0 : MARK_SECONDS,
    });
  }

  private get name(): string {
    return `${this.app.cookieName}-signed-out`;
  }
}

function isSame(expected: string, given: unknown): boolean {
  if (typeof given !== 'string' || given.length !== expected.length) return false;
  return timingSafeEqual(Buffer.from(expected), Buffer.from(given));
}
