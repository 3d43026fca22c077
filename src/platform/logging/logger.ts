import { Inject, Injectable, Optional } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { AppConfig } from '../config/app.config.js';
import { maybeContext } from '../context/context.js';
import { readable } from './readable.js';
import { redact } from './redact.js';

/** Injection token of the output stream; the default is standard output. */
export const LOG_STREAM = Symbol('log stream');

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/**
 * Writes all log lines: `logger.warn('what happened', { field: value, err: error })`. Redacts message and fields and
 * adds the request id. The output is JSON lines, or readable lines in development.
 */
@Injectable()
export class AppLogger implements LoggerService {
  private readonly pino: Logger;

  constructor(
    config: AppConfig,
    @Optional() @Inject(LOG_STREAM) stream: DestinationStream = pino.destination({ dest: 1, sync: false }),
  ) {
    const destination = config.environment === 'development' ? readable(stream) : stream;
    this.pino = pino(
      {
        level: config.logLevel,
        base: { environment: config.environment },
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (level) => ({ level }) },
      },
      destination,
    );
  }

  /**
   * Returns the logger until the application exists. It writes warnings and errors at once, such as a database that is
   * not available yet.
   */
  static ofStart(config: AppConfig): AppLogger {
    const logger = new AppLogger(config, pino.destination({ dest: 1, sync: true }));
    if (logger.pino.isLevelEnabled('info')) logger.pino.level = 'warn';
    return logger;
  }

  fatal(message: unknown, ...details: unknown[]): void {
    this.write('fatal', message, details);
  }

  error(message: unknown, ...details: unknown[]): void {
    this.write('error', message, details);
  }

  warn(message: unknown, ...details: unknown[]): void {
    this.write('warn', message, details);
  }

  log(message: unknown, ...details: unknown[]): void {
    this.write('info', message, details);
  }

  debug(message: unknown, ...details: unknown[]): void {
    this.write('debug', message, details);
  }

  verbose(message: unknown, ...details: unknown[]): void {
    this.write('trace', message, details);
  }

  /** Waits until all lines are written. Call it before the process exits. */
  flush(): Promise<void> {
    return new Promise((resolve) => this.pino.flush(() => resolve()));
  }

  private write(level: Level, message: unknown, details: readonly unknown[]): void {
    if (!this.pino.isLevelEnabled(level)) return;
    const context = maybeContext();
    const fields: Record<string, unknown> =
      context === undefined ? {} : { requestId: context.requestId, orgId: context.orgId };
    for (const detail of typeof message === 'string' ? details : [message, ...details]) addDetail(fields, detail);
    this.pino[level](redact(fields), typeof message === 'string' ? String(redact(message)) : undefined);
  }
}

/** Adds a detail to the fields. Nest passes class names and stacks as strings; all other callers pass objects. */
function addDetail(fields: Record<string, unknown>, detail: unknown): void {
  if (detail instanceof Error) fields.err = detail;
  else if (typeof detail === 'string') fields[detail.includes('\n') ? 'stack' : 'context'] = detail;
  else if (typeof detail === 'object' && detail !== null) Object.assign(fields, detail);
}

/** Always throws: request bodies contain personal data and are never logged, on any level or in any environment. */
export function UNSAFE_logRequestBody(): never {
  throw new Error('request bodies are never logged: log the names of the relevant fields instead');
}
