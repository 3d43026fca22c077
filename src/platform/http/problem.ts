import { errorDefinition } from '../feature/registry.js';
import type { ErrorCode } from '../feature/registry.js';
import './http.feature.js';

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
  }

  /** What is sent. A fault of ours (500) tells nothing but its code and the request's id. */
  body(requestId: string): ProblemBody {
    const { code, title, status } = this;
    const type = `urn:vouchsafe:problem:${code}`;
    if (code === 'internal') return { type, title, status, code, requestId };
    return {
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
