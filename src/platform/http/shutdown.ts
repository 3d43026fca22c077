import type { INestApplicationContext } from '@nestjs/common';
import { AppLogger } from '../logging/logger.js';

/**
 * Shuts down gracefully on SIGTERM or SIGINT: stops accepting work, finishes running work, and closes connections.
 * After `seconds`, or on a second signal, exits with code 1; otherwise with code 0.
 */
export function shutDownOnSignals(app: INestApplicationContext, seconds: number): void {
  const logger = app.get(AppLogger);
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.log('stopping', { signal });
    setTimeout(() => {
      logger.error('shutdown deadline exceeded', { seconds });
      void exit(logger, 1);
    }, seconds * 1000).unref();
    app.close().then(
      () => exit(logger, 0),
      (err: unknown) => {
        logger.error('shutdown failed', { err });
        return exit(logger, 1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function exit(logger: AppLogger, code: number): Promise<never> {
  await logger.flush();
  process.exit(code);
}
