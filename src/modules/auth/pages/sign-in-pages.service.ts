import { Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AppConfig } from '../../../platform/config/index.js';
import { assertOwnForm } from '../../../platform/http/csrf.js';
import { Problem } from '../../../platform/http/problem.js';
import { SessionCookies } from '../session-cookies.js';
import { SignInService } from '../sign-in.service.js';
import { pageAddress } from './page-address.js';
import type { PasswordForm } from './pages.dto.js';
import { methodPage } from './sign-in.views.js';

/** What somebody who tries to sign in is told; any other problem is a page of its own. */
const TOLD: Readonly<Record<string, string>> = {
  invalid_credentials: 'The e-mail address or the password is wrong.',
  account_locked: 'Too many tries. Sign-in for this address is locked for a while.',
  too_many_requests: 'Too many tries. Wait a little, then try again.',
};

/** The steps of signing in, as pages. They do what the routes of the API do, and nothing else. */
@Injectable()
export class SignInPages {
  constructor(
    private readonly signIn: SignInService,
    private readonly cookies: SessionCookies,
    private readonly app: AppConfig,
  ) {}

  method(email: string, returnTo: string): string {
    return methodPage({ email, password: true, connections: [], returnTo });
  }

  /** Signs in and sends the browser on; or the form again, with what was wrong. Throws csrf_refused. */
  async password({ email, password, rememberMe, returnTo }: PasswordForm, request: Request, response: Response): Promise<string> {
    assertOwnForm(request, this.app);
    const address = pageAddress(returnTo);
    try {
      const session = await this.signIn.withPassword(email, password);
      this.cookies.set(response, session.secret, session.expiresAt);
      return onward(response, address);
    } catch (error) {
      const problem = told(error, response);
      return methodPage({ email, password: true, connections: [], returnTo: address, problem, rememberMe: rememberMe !== undefined });
    }
  }
}

/** 303, so that going back does not post the form again. */
function onward(response: Response, address: string): string {
  response.status(303).setHeader('Location', address);
  return '';
}

/** The sentence for a problem that belongs into the form; sets the status. Throws what does not. */
function told(error: unknown, response: Response): string {
  if (!(error instanceof Problem) || TOLD[error.code] === undefined) throw error;
  response.status(error.status);
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  return TOLD[error.code]!;
}
