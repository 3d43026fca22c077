import { Injectable } from '@nestjs/common';
import { ProblemPage } from '../http/problem.filter.js';
import type { Problem } from '../problem/problem.js';
import { html } from './html.js';
import { page } from './layout.js';

/** Renders the page of a problem: its title and reasons, a link to the sign-in page, and a code for support. */
@Injectable()
export class HtmlProblemPage extends ProblemPage {
  override render(problem: Problem, requestId: string): string {
    const { title, code, detail, errors = [] } = problem.body(requestId);
    return page(
      { title },
      html`
${detail !== undefined && html`<p>${detail}</p>`}
${errors.length > 0 && html`<ul>${errors.map(({ field, message }) => html`<li>${field} ${message}</li>`)}</ul>`}
<p><a href="/sign-in">Go to the sign-in page</a></p>
<p class="quiet">If you contact support, give this code:
<span class="code">${code} ${requestId}</span>.</p>`,
    );
  }
}
