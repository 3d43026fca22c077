import { Catch, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { formFields } from '../http/body.js';
import { pageAbove } from '../http/methods-at.js';
import { isNavigation } from '../http/navigation.js';
import { ProblemFilter, ProblemPage } from '../http/problem.filter.js';
import { AppLogger } from '../logging/logger.js';
import type { Problem } from '../problem/problem.js';
import { FormRedisplay } from './form-redisplay.js';
import { KeptToken } from './kept-token.js';

/** The page on which the user can resolve an error, by error code. */
const RESOLVING_PAGES: Readonly<Record<string, string>> = {
  unauthenticated: '/sign-in',
  session_expired: '/sign-in',
  sign_in_expired: '/sign-in',
  step_up_required: '/account/step-up',
  mfa_enrollment_required: '/account/security',
  mfa_required: '/sign-in/mfa',
  password_change_required: '/account/password',
  sso_account_exists: '/sign-in/link',
};

/**
 * The errors whose page takes no return path. A password or an invite was accepted, so the user must not send that form
 * again. A link keeps the return path of its sign-in.
 */
const WITHOUT_RETURN: ReadonlySet<string> = new Set(['mfa_required', 'sso_account_exists']);

/**
 * Handles errors of page routes. A browser gets the form again, or a redirect to a page that resolves the error. The
 * token of a mailed link is kept until the user returns.
 */
@Catch()
@Injectable()
export class PageFilter extends ProblemFilter {
  constructor(
    logger: AppLogger,
    page: ProblemPage,
    private readonly token: KeptToken,
  ) {
    super(logger, page);
  }

  protected override respond(problem: Problem, request: Request, response: Response): void {
    const resolvingPage = RESOLVING_PAGES[problem.code];
    const resolvable = resolvingPage !== undefined && request.path !== resolvingPage;
    if (!isNavigation(request) || !(problem instanceof FormRedisplay || resolvable))
      return super.respond(problem, request, response);
    response.removeHeader('Set-Cookie');
    for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
    if (problem instanceof FormRedisplay)
      return void response.status(problem.status).type('text/html').send(problem.page);
    if (WITHOUT_RETURN.has(problem.code)) return response.redirect(303, resolvingPage!);
    const returnTo = this.returnPath(request, response);
    response.redirect(303, `${resolvingPage}?${new URLSearchParams({ returnTo }).toString()}`);
  }

  /** Returns the path to which the user returns. It is not a page of the sign-in itself, which would begin it again. */
  private returnPath(request: Request, response: Response): string {
    if (request.path.startsWith('/sign-in')) {
      const { returnTo } = request.method === 'GET' ? request.query : formFields(request);
      return typeof returnTo === 'string' ? returnTo : '/account';
    }
    if (request.method === 'GET') return request.originalUrl;
    const path = pageAbove(request);
    this.token.keep(request, response, path);
    return path;
  }
}
