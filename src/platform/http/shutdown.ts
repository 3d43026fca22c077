import type { INestApplicationContext } from '@nestjs/common';
import { AppLogger } from '../logging/logger.js';

/**
 * Ends the process in good order on SIGTERM or SIGINT: stop taking work, finish what runs, close connections. What is
 * not finished after `seconds` is cut off; a second signal cuts at once. Exit code 0, or 1 when it was cut off.
 */
export function shutDownOnSignals(app: INestApplicationContext, seconds: number): void {
  const logger = app.get(AppLogger);
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    logger.log('stopping', { signal });
    setTimeout(() => {
      logger.error('cut off at the deadline', { seconds });
      void leave(logger, 1);
    }, seconds * 1000).unref();
    app.close().then(
      () => leave(logger, 0),
      (err: unknown) => {
        logger.error('stopping failed', { err });
        return leave(logger, 1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

async function leave(logger: AppLogger, code: number): Promise<never> {
  await logger.flush();
  process.exit(code);
}
