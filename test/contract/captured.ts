import { Global, Module } from '@nestjs/common';
import { AppModule } from '../../src/app.module.js';
import { loadConfig } from '../../src/platform/config/config.js';
import { createApp } from '../../src/platform/http/index.js';
import { LOG_STREAM } from '../../src/platform/logging/logger.js';
import type { Harness } from '../harness/app.js';

/** An API process whose log, on its most talkative level, is kept. */
export interface CapturedApi {
  url: string;
  lines: string[];
  stop: () => Promise<void>;
}

/** Starts one more API process on a harness's database; `env` changes its environment. */
export async function startCaptured(harness: Harness, env: Record<string, string> = {}): Promise<CapturedApi> {
  const lines: string[] = [];
  @Global()
  @Module({ providers: [{ provide: LOG_STREAM, useValue: { write: (line: string) => void lines.push(line) } }], exports: [LOG_STREAM] })
  class Captured {}
  @Module({})
  class Root {}
  const config = loadConfig({ ...harness.env, LOG_LEVEL: 'trace', ...env }, 'api');
  const app = await createApp({ module: Root, imports: [Captured, AppModule.forRoot(config)] }, config);
  await app.listen(0, '127.0.0.1');
  return { url: await app.getUrl(), lines, stop: () => app.close() };
}
