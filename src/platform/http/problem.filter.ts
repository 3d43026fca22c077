import { Catch, NotFoundException, Optional } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { maybeContext } from '../context/context.js';
import { AppLogger } from '../logging/logger.js';
import { methodsAt } from './methods-at.js';
import { isNavigation } from './navigation.js';
import { toProblem } from './problem.map.js';
import { Problem } from '../problem/problem.js';
import { requestIdOf } from './request-id.js';
import { SCIM_TYPE, scimError, speaksScim } from './scim-error.js';

/** Renders the page of a problem. PagesModule provides it; without it, browsers get problem details too. */
export abstract class ProblemPage {
  abstract render(problem: Problem, requestId: string): string;
}

/**
 * The faults of the server. A rate limit of failures does not count them. It counts other problems with a 5xx status,
 * because a caller can cause them: by many requests at once, or through a provider that does not answer.
 */
const SERVER_FAULTS: ReadonlySet<string> = new Set(['internal', 'unavailable']);

interface Rendered {
  type: string;
  text: string;
}

/**
 * Converts every error to a response and logs the stack. Programs get problem details, SCIM clients get a SCIM error,
 * and a browser that opens a page gets a page.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: AppLogger,
    @Optional() private readonly page?: ProblemPage,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = wrongMethod(error, request) ?? toProblem(error);
    this.log(problem, error, requestIdOf(request));
    if (SERVER_FAULTS.has(problem.code)) void maybeContext()?.uncount();
    if (response.headersSent) {
      response.destroy();
      return;
    }
    this.respond(problem, request, response);
  }

  protected respond(problem: Problem, request: Request, response: Response): void {
    const { type, text } = this.render(problem, request);
    const body = Buffer.from(text);
    response.status(problem.status);
    response.setHeader('Content-Type', type);
    response.setHeader('Content-Length', body.length);
    response.setHeader('Cache-Control', 'no-store');
    response.removeHeader('ETag');
    response.removeHeader('Content-Disposition');
    response.removeHeader('Set-Cookie'); // a rolled-back request opened no session
    for (const [name, value] of Object.entries(problem.headers)) response.setHeader(name, value);
    response.end(body);
  }

  private render(problem: Problem, request: Request): Rendered {
    const requestId = requestIdOf(request);
    if (speaksScim(request)) return { type: SCIM_TYPE, text: JSON.stringify(scimError(problem)) };
    if (this.page !== undefined && isNavigation(request))
      return { type: 'text/html; charset=utf-8', text: this.page.render(problem, requestId) };
    return { type: 'application/problem+json', text: JSON.stringify(problem.body(requestId)) };
  }

  /**
   * Logs internal errors with their stack. Expected errors are logged at lower levels, because the request line already
   * contains the status.
   */
  private log(problem: Problem, error: unknown, requestId: string): void {
    if (problem.code === 'internal') this.logger.error('request failed', { requestId, err: error });
    else if (problem.status >= 500)
      this.logger.warn('request rejected', { requestId, code: problem.code, reason: reason(error) });
    else this.logger.debug('request rejected', { requestId, code: problem.code });
  }
}

/** Returns 405 with `Allow` (RFC 9110 section 15.5.6) instead of 404 if the path supports other methods. */
function wrongMethod(error: unknown, request: Request): Problem | undefined {
  if (!(error instanceof NotFoundException) || request.route !== undefined) return undefined;
  const allowed = methodsAt(request);
  return allowed.length === 0
    ? undefined
    : new Problem('method_not_allowed', { headers: { Allow: allowed.join(', ') } });
}

function reason(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : 'unknown';
}
