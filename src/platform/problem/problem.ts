import { errorDefinition } from '../feature/registry.js';
import type { ErrorCode } from '../feature/registry.js';
import './problem.feature.js';

/** An invalid field: its path (`address.lines.0`) and the reason, without its value. */
export interface FieldError {
  field: string;
  message: string;
}

export interface ProblemOptions {
  /** One sentence for the caller. It must contain no internal or personal data. */
  detail?: string;
  errors?: FieldError[];
  headers?: Record<string, string>;
  /** Extension members (RFC 9457 section 3.2), with the same restrictions as `detail`. */
  extensions?: Readonly<Record<string, unknown>>;
  /** For the log only. It is never sent. */
  cause?: unknown;
}

/** The body of every error response (RFC 9457), sent as `application/problem+json`. */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  code: string;
  detail?: string;
  requestId: string;
  errors?: FieldError[];
  [extension: string]: unknown;
}

/**
 * An error that the caller may see. A feature declares its code with status and title. Every other error becomes
 * `internal`.
 */
export class Problem extends Error {
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  readonly errors?: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(
    readonly code: ErrorCode,
    options: ProblemOptions = {},
  ) {
    const { status, title } = errorDefinition(code);
    super(options.detail ?? title, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.status = status;
    this.title = title;
    this.detail = options.detail;
    this.errors = options.errors;
    this.headers = options.headers ?? {};
    this.extensions = options.extensions ?? {};
  }

  /** Returns the response body. For `internal` (500), it contains only the standard fields and the request id. */
  body(requestId: string): ProblemBody {
    const { code, title, status } = this;
    const type = `urn:vouchsafe:problem:${code}`;
    if (code === 'internal') return { type, title, status, code, requestId };
    return {
      ...this.extensions,
      type,
      title,
      status,
      code,
      ...(this.detail !== undefined && { detail: this.detail }),
      requestId,
      ...(this.errors !== undefined && { errors: [...this.errors] }),
    };
  }
}
