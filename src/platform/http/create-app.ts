import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter, type NestExpressApplication } from '@nestjs/platform-express';
import express, { type Express } from 'express';
import type { Config } from '../config/config.types.js';
import { AppLogger } from '../logging/logger.js';
import { Metrics } from '../telemetry/metrics.js';
import { openContext } from './open-context.js';
import { GeoIp } from '../geoip/index.js';
import { trustOf } from './client-ip.js';
import { DeviceCookie } from './device-cookie.js';
import { serveDocs } from './docs.js';
import { securityHeaders } from './headers.js';
import { observeRequests } from './observe.js';
import { refusePlainHttp } from './plain-http.js';
import { rejectAmbiguous } from './reject-ambiguous.js';
import { requestId } from './request-id.js';
import { limitServer } from './server-limits.js';
import { tlsOptions } from './tls.js';
import { checkUrl } from './url.js';

/**
 * Creates and initializes the HTTP application for a root module that imports ConfigModule, LoggingModule,
 * HealthModule, and HttpModule. The order of the middleware is documented in `ARCHITECTURE.md`.
 */
export async function createApp(module: Type | DynamicModule, config: Config): Promise<NestExpressApplication> {
  const app = await NestFactory.create<NestExpressApplication>(module, new ExpressAdapter(configuredExpress()), {
    bodyParser: false,
    logger: AppLogger.ofStart(config.app),
    abortOnError: false,
    ...(config.http.endsTls && { httpsOptions: tlsOptions(config.http) }),
  });
  const logger = app.get(AppLogger);
  app.useLogger(logger);
  const trust = trustOf(config.http.trustProxy);
  app.use(requestId, securityHeaders, observeRequests(logger, app.get(Metrics)), rejectAmbiguous);
  if (config.app.deployed) app.use(refusePlainHttp(trust));
  app.use(checkUrl, openContext(app.get(DeviceCookie), app.get(GeoIp), trust));
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

/**
 * Returns Express with its settings. Nest's adapter uses the router at once, and the router reads its settings only
 * when it is created. Proxies are not a setting of Express: `client-ip.ts` decides about them.
 */
function configuredExpress(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false); // checkUrl parses it
  app.enable('case sensitive routing');
  return app;
}
