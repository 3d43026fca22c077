import { Inject, Injectable, Optional } from '@nestjs/common';
import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { AppConfig } from '../config/app.config.js';
import { maybeContext } from '../context/context.js';
import { readable } from './readable.js';
import { redact } from './redact.js';

/** Injection token of the stream that takes the lines; standard output when absent. */
export const LOG_STREAM = Symbol('log stream');

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/**
 * The only way to the log. `logger.warn('what happened', { field: value, err: error })`: message and fields pass
 * `redact` before they are written, with the request they belong to, as JSON lines or, in development, as readable
 * ones.
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

  /** Waits until every line has left the process; for the end of a process. */
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

/** Nest passes its class names and stacks as strings; everybody else passes objects. */
function addDetail(fields: Record<string, unknown>, detail: unknown): void {
  if (detail instanceof Error) fields.err = detail;
  else if (typeof detail === 'string') fields[detail.includes('\n') ? 'stack' : 'context'] = detail;
  else if (typeof detail === 'object' && detail !== null) Object.assign(fields, detail);
}

/** Request bodies hold personal data: there is no way to log one, on any level, in any environment. */
export function UNSAFE_logRequestBody(): never {
  throw new Error('request bodies are never logged: log the names of the fields that matter instead');
}
