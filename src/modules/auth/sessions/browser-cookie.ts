import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AppConfig } from '../../../platform/config/index.js';
import { bindBrowser, browserSecret } from './browser-binding.js';

/** The cookie that binds a challenge to one browser. */
@Injectable()
export class BrowserCookie {
  constructor(private readonly app: AppConfig) {}

  /** Returns the secret of the browser that requests a challenge, and stores it in the browser's cookie. */
  bind(request: Request, response: Response): string {
    const { secret, setCookie } = bindBrowser(request.headers.cookie, this.app.publicUrl);
    response.append('Set-Cookie', setCookie);
    return secret;
  }

  /** Returns the secret of the browser that answers a challenge, or undefined when it has none. */
  browser(request: Request): string | undefined {
    return browserSecret(request.headers.cookie, this.app.publicUrl);
  }
}
