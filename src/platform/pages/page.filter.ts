import { Catch, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ProblemFilter } from '../http/problem.filter.js';
import type { Problem } from '../problem/problem.js';
import { requestIdOf } from '../http/request-id.js';
import { FormRedisplay } from './form-redisplay.js';
import { html } from './html.js';
import { page } from './layout.js';

/** Where a refusal leads, by its code: to the page on which what is missing can be had. */
const LEADS: Readonly<Record<string, string>> = {
  unauthenticated: '/sign-in',
  session_expired: '/sign-in',
  sign_in_expired: '/sign-in',
  step_up_required: '/account/step-up',
  mfa_enrollment_required: '/account/security',
  mfa_required: '/sign-in/mfa',
};

/**
 * For routes that answer with pages: a refusal is a page for browsers, or leads to where what is missing can be had.
 */
@Catch()
@Injectable()
export class PageFilter extends ProblemFilter {
  protected override answer(problem: Problem, request: Request, response: Response): void {
    if (!request.headers.accept?.includes('text/html')) return super.answer(problem, request, response);
    response.removeHeader('Set-Cookie');
    for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
    if (problem instanceof FormRedisplay)
      return void response.status(problem.status).type('text/html').send(problem.page);
    const lead = LEADS[problem.code];
    if (lead !== undefined && request.path !== lead) {
      const returnTo = request.method === 'GET' ? request.originalUrl : request.path.split('/').slice(0, 3).join('/');
      if (problem.code === 'mfa_required') return response.redirect(303, lead); // what was asked for is done
      return response.redirect(303, `${lead}?${new URLSearchParams({ returnTo }).toString()}`);
    }
    response
      .status(problem.status)
      .type('text/html')
      .send(
        page(
          { title: problem.title },
          html`
${problem.detail !== undefined && html`<p>${problem.detail}</p>`}
<p><a href="/sign-in">To the sign-in page</a></p>
<p class="quiet">If you ask for help, say <span class="code">${problem.code} ${requestIdOf(request)}</span>.</p>`,
        ),
      );
  }
}
