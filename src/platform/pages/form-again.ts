import { Problem } from '../problem/problem.js';

/**
 * A refusal that is told within the form: what the request did is undone as for any other, and the page is the answer.
 */
export class FormAgain extends Problem {
  constructor(
    problem: Problem,
    readonly page: string,
  ) {
    super(problem.code, { detail: problem.detail, headers: problem.headers, cause: problem.cause });
  }
}
