import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module.js';
import { loadConfig } from './platform/config/config.js';
import { startProcess } from './platform/config/start-process.js';
import { ReadinessLog } from './platform/health/index.js';
import { shutDownOnSignals } from './platform/http/index.js';
import { WorkerHost } from './platform/jobs/worker-host.js';
import { AppLogger } from './platform/logging/index.js';

/** Starts the worker: queues, relay and schedules. */
await startProcess(async () => {
  const config = loadConfig(process.env, 'worker');
  const app = await NestFactory.createApplicationContext(AppModule.forRoot(config), {
    logger: AppLogger.ofStart(config.app),
    abortOnError: false,
  });
  app.useLogger(app.get(AppLogger));
  shutDownOnSignals(app, config.http.shutdownSeconds);
  app.get(WorkerHost).start();
  app.get(ReadinessLog).start();
});
