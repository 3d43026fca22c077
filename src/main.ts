import 'reflect-metadata';
import { AppModule } from './app.module.js';
import { loadConfig } from './platform/config/config.js';
import { startProcess } from './platform/config/start-process.js';
import { ReadinessLog } from './platform/health/index.js';
import { createApp, shutDownOnSignals } from './platform/http/index.js';

/** Starts the API. */
await startProcess(async () => {
  const config = loadConfig(process.env, 'api');
  const app = await createApp(AppModule.forRoot(config), config);
  shutDownOnSignals(app, config.http.shutdownSeconds);
  await app.listen(config.app.port, config.app.host);
  app.get(ReadinessLog).start();
});
