import { Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';
import { AppConfig } from '../config/index.js';
import { formFields } from '../http/body.js';
import { isOwnForm } from '../http/csrf.js';

const KEPT_SECONDS = 900;
/** The tokens of mailed links: base64url, in parts that a period separates. */
const TOKEN = /^[\w.-]{1,2000}$/;

/**
 * Keeps the token of a mailed link while its user signs in. The token is in a cookie that scripts cannot read, so
 * that no URL, log line, or Referer header contains it. The cookie names the page to which the token belongs.
 */
@Injectable()
export class KeptToken {
  constructor(private readonly app: AppConfig) {}

  /** Keeps the token that a form of the application posted, for the page at `path`. Ignores every other request. */
  keep(request: Request, response: Response, path: string): void {
    const { token } = formFields(request);
    if (typeof token === 'string' && TOKEN.test(token) && isOwnForm(request, this.app))
      response.append('Set-Cookie', this.cookie(`${path} ${token}`, KEPT_SECONDS));
  }

  /** Returns the token that was kept for the page of the request. */
  read(request: Request): string | undefined {
    const [path, token] = (parseCookie(request.headers.cookie ?? '')[this.name] ?? '').split(' ');
    return path === request.path && token !== undefined && TOKEN.test(token) ? token : undefined;
  }

  clear(request: Request, response: Response): void {
    if (this.read(request) !== undefined) response.append('Set-Cookie', this.cookie('', 0));
  }

  private get name(): string {
    return `${this.app.cookieName}-link`;
  }

  private cookie(value: string, maxAge: number): string {
    const { secure } = this.app;
    return stringifySetCookie({
      name: this.name,
      value,
      httpOnly: true,
      sameSite: 'lax',
      secure,
      path: '/',
      maxAge,
    });
  }
}
