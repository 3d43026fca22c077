import { errorDefinition } from '../feature/registry.js';
import type { ErrorCode } from '../feature/registry.js';
import './problem.feature.js';

/** One field that was refused: its path (`address.lines.0`) and why, never its value. */
export interface FieldError {
  field: string;
  message: string;
}

export interface ProblemOptions {
  /** One sentence for the caller; must hold nothing internal and no personal data. */
  detail?: string;
  errors?: FieldError[];
  headers?: Record<string, string>;
  /** Members of the problem's own, beside the standard ones (RFC 9457 section 3.2); as little as `detail` may say. */
  extensions?: Readonly<Record<string, unknown>>;
  /** For the log only; never sent. */
  cause?: unknown;
}

/** The body of every refusal (RFC 9457), sent as `application/problem+json`. */
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
 * A refusal that the caller may know about. Its code is declared by a feature, which fixes status and
 * title; whatever else is thrown becomes `internal`.
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

  /** What is sent. A fault of ours (500) tells nothing but its code and the request's id. */
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
