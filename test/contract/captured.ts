import { Global, Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { type Config } from '../../src/platform/config/config.types.js';
import { createApp } from '../../src/platform/http/index.js';
import { JobRunner } from '../../src/platform/jobs/job-runner.js';
import { OutboxRelay } from '../../src/platform/jobs/outbox-relay.js';
import { AppLogger, LOG_STREAM } from '../../src/platform/logging/logger.js';
import { countInRedis, type Harness } from '../harness/app.js';

/** A process whose log lines at trace level are collected. */
interface Captured {
  lines: string[];
  stop: () => Promise<void>;
}

export interface CapturedApi extends Captured {
  url: string;
}

/** Starts another API process on the harness's database. `env` overrides its environment. */
export async function startCaptured(harness: Harness, env: Record<string, string> = {}): Promise<CapturedApi> {
  const config = loadConfig({ ...harness.env, LOG_LEVEL: 'trace', ...env }, 'api');
  const { root, lines } = capturing(config);
  const app = await createApp(root, config);
  countInRedis(app);
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), lines, stop: () => app.close() };
}

/** Starts a worker that runs jobs. The log lines of a test file go to the process that was started last. */
export async function startCapturedWorker(harness: Harness, env: Record<string, string> = {}): Promise<Captured> {
  const { root, lines } = capturing(loadConfig({ ...harness.env, LOG_LEVEL: 'trace', ...env }, 'worker'));
  const app = await NestFactory.createApplicationContext(root, { bufferLogs: true, abortOnError: false });
  app.useLogger(app.get(AppLogger));
  app.get(JobRunner).start();
  app.get(OutboxRelay).start();
  const stop = async () => {
    await app.get(OutboxRelay).stop();
    await app.get(JobRunner).stop(2_000);
    await app.close();
  };
  return { lines, stop };
}

function capturing(config: Config): { root: DynamicModule; lines: string[] } {
  const lines: string[] = [];
  @Global()
  @Module({
    providers: [{ provide: LOG_STREAM, useValue: { write: (line: string) => void lines.push(line) } }],
    exports: [LOG_STREAM],
  })
  class Stream {}
  @Module({})
  class Root {}
  return { root: { module: Root, imports: [Stream, AppModule.forRoot(config)] }, lines };
}
