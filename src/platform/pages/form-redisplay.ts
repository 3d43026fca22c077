import type { ErrorCode } from '../feature/registry.js';
import { Problem } from '../problem/problem.js';

/** The text that a form shows for each error that the user can correct in the form. */
export type FormMessages = Readonly<Partial<Record<ErrorCode, string>>>;

/**
 * An error that the form itself shows. The request fails: its transaction is rolled back and its cookies are not sent.
 * The page is the body of the response.
 */
export class FormRedisplay extends Problem {
  constructor(
    problem: Problem,
    readonly page: string,
  ) {
    super(problem.code, { detail: problem.detail, headers: problem.headers, cause: problem.cause });
  }
}

/**
 * Throws FormRedisplay with the form, the message of the error, and the messages of its fields. Rethrows an error
 * without a message in `messages`.
 */
export function redisplayForm(error: unknown, messages: FormMessages, form: (message: string) => string): never {
  const message = error instanceof Problem ? messages[error.code] : undefined;
  if (!(error instanceof Problem) || message === undefined) throw error;
  const fields = (error.errors ?? []).map((field) => `It ${field.message}.`);
  throw new FormRedisplay(error, form([message, ...fields].join(' ')));
}
