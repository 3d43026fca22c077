import { Injectable } from '@nestjs/common';
import { errorDefinition } from '../feature/registry.js';
import { ProblemPage } from '../http/problem.filter.js';
import type { Problem } from '../problem/problem.js';
import { html } from './html.js';
import { page } from './layout.js';

/**
 * Renders the page of a problem: what happened, what the user can do, a link to the sign-in page, and a code for the
 * administrator. It contains the same facts as the problem details, and the declared advice.
 */
@Injectable()
export class HtmlProblemPage extends ProblemPage {
  override render(problem: Problem, requestId: string): string {
    const { title, code, detail, errors = [] } = problem.body(requestId);
    const { advice } = errorDefinition(problem.code);
    const seconds = problem.headers['Retry-After'];
    return page(
      { title },
      html`
${detail !== undefined && html`<p>${detail}</p>`}
${errors.length > 0 && html`<ul>${errors.map(({ field, message }) => html`<li>${field} ${message}</li>`)}</ul>`}
${advice !== undefined && html`<p>${advice}</p>`}
${seconds !== undefined && html`<p>You can try again in ${waitOf(Number(seconds))}.</p>`}
<p><a href="/sign-in">Go to the sign-in page</a></p>
<p class="quiet">If this happens again, send this code to your administrator:
<span class="code">${code} ${requestId}</span>.</p>`,
    );
  }
}

function waitOf(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (seconds <= 60) return seconds === 1 ? 'one second' : `${seconds} seconds`;
  return `${minutes} minutes`;
}
