import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Express } from 'express';
import type { Config } from '../config/config.types.js';
import { AppLogger } from '../logging/logger.js';
import { Metrics } from '../telemetry/metrics.js';
import { openContext } from './open-context.js';
import { GeoIp } from '../geoip/index.js';
import { bodyParser } from './body.js';
import { serveDocs } from './docs.js';
import { securityHeaders } from './headers.js';
import { observeRequests } from './observe.js';
import { refusePlainHttp } from './plain-http.js';
import { requestId } from './request-id.js';
import { limitServer } from './server-limits.js';
import { tlsOptions } from './tls.js';
import { checkUrl } from './url.js';

/**
 * Creates and initializes the HTTP application for a root module that imports ConfigModule, LoggingModule,
 * HealthModule, and HttpModule. The order of the middleware is documented in `ARCHITECTURE.md`.
 */
export async function createApp(module: Type | DynamicModule, config: Config): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(module, {
    bodyParser: false,
    logger: AppLogger.ofStart(config.app),
    abortOnError: false,
    ...(config.http.endsTls && { httpsOptions: tlsOptions(config.http) }),
  });
  const logger = app.get(AppLogger);
  app.useLogger(logger);
  configureExpress(app.getHttpAdapter().getInstance(), config);
  app.use(requestId, securityHeaders, observeRequests(logger, app.get(Metrics)));
  if (config.app.deployed) app.use(refusePlainHttp());
  app.use(checkUrl, bodyParser(config.http.bodyLimitBytes), openContext(config.app, app.get(GeoIp)));
  serveDocs(app);
  limitServer(app.getHttpServer());
  await initialize(app);
  return app;
}

/** Initializes the application. Closes it on an error, so that no connection keeps the process alive. */
async function initialize(app: NestExpressApplication): Promise<void> {
  try {
    await app.init();
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}

function configureExpress(express: Express, { http }: Config): void {
  express.disable('x-powered-by');
  express.disable('etag');
  express.set('query parser', false); // checkUrl parses it
  express.enable('case sensitive routing');
  const proxies = http.trustProxy?.split(',').map((part) => part.trim());
  express.set('trust proxy', proxies ?? false);
}
