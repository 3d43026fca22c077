import { Catch, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ProblemFilter } from '../http/problem.filter.js';
import type { Problem } from '../http/problem.js';
import { requestIdOf } from '../http/request-id.js';
import { html } from './html.js';
import { page } from './layout.js';

/** For routes that answer with pages: a refusal is a page for browsers, and leads whoever is not signed in to where they can be. */
@Catch()
@Injectable()
export class PageFilter extends ProblemFilter {
  protected override answer(problem: Problem, request: Request, response: Response): void {
    if (!request.headers.accept?.includes('text/html')) return super.answer(problem, request, response);
    response.removeHeader('Set-Cookie');
    if (problem.status === 401 && request.method === 'GET') {
      return response.redirect(303, `/sign-in?${new URLSearchParams({ returnTo: request.originalUrl }).toString()}`);
    }
    response.status(problem.status).type('text/html').send(page({ title: problem.title }, html`
${problem.detail !== undefined && html`<p>${problem.detail}</p>`}
<p><a href="/sign-in">To the sign-in page</a></p>
<p class="quiet">If you ask for help, say <span class="code">${problem.code} ${requestIdOf(request)}</span>.</p>`));
  }
}
