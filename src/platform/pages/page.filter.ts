import { Catch, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ProblemFilter } from '../http/problem.filter.js';
import type { Problem } from '../problem/problem.js';
import { requestIdOf } from '../http/request-id.js';
import { FormRedisplay } from './form-redisplay.js';
import { html } from './html.js';
import { page } from './layout.js';

/** The page on which the user can resolve an error, by error code. */
const RESOLVING_PAGES: Readonly<Record<string, string>> = {
  unauthenticated: '/sign-in',
  session_expired: '/sign-in',
  sign_in_expired: '/sign-in',
  step_up_required: '/account/step-up',
  mfa_enrollment_required: '/account/security',
  mfa_required: '/sign-in/mfa',
};

/** Handles errors of page routes. A browser gets an error page, or a redirect to a page that resolves the error. */
@Catch()
@Injectable()
export class PageFilter extends ProblemFilter {
  protected override respond(problem: Problem, request: Request, response: Response): void {
    if (!request.headers.accept?.includes('text/html')) return super.respond(problem, request, response);
    response.removeHeader('Set-Cookie');
    for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
    if (problem instanceof FormRedisplay)
      return void response.status(problem.status).type('text/html').send(problem.page);
    const resolvingPage = RESOLVING_PAGES[problem.code];
    if (resolvingPage !== undefined && request.path !== resolvingPage) {
      const returnTo = request.method === 'GET' ? request.originalUrl : request.path.split('/').slice(0, 3).join('/');
      // no returnTo: the password or the invite was accepted, so the user must not send that form again
      if (problem.code === 'mfa_required') return response.redirect(303, resolvingPage);
      return response.redirect(303, `${resolvingPage}?${new URLSearchParams({ returnTo }).toString()}`);
    }
    response
      .status(problem.status)
      .type('text/html')
      .send(
        page(
          { title: problem.title },
          html`
${problem.detail !== undefined && html`<p>${problem.detail}</p>`}
<p><a href="/sign-in">Go to the sign-in page</a></p>
<p class="quiet">If you contact support, give this code:
<span class="code">${problem.code} ${requestIdOf(request)}</span>.</p>`,
        ),
      );
  }
}
