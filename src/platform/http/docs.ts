import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildOpenApi } from './openapi.js';

/**
 * Swagger UI from the application's own origin, because the content security policy blocks inline and external code.
 */
const PAGE = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Vouchsafe API</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="api"></div><script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script></body>
</html>
`;
const START = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null });\n`;
const FILES = ['swagger-ui.css', 'swagger-ui-bundle.js'];

/** Serves `/openapi.json` and `/docs`, which are equal for all callers. Call it after all routes exist. */
export function serveDocs(app: NestExpressApplication): void {
  const express = app.getHttpAdapter().getInstance();
  const directory = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  let document: Buffer | undefined;
  express.get('/openapi.json', (_request: Request, response: Response) => {
    document ??= Buffer.from(JSON.stringify(buildOpenApi(app)));
    response.type('application/json').send(document);
  });
  express.get('/docs', (_request: Request, response: Response) => void response.type('text/html').send(PAGE));
  express.get(
    '/docs/start.js',
    (_request: Request, response: Response) => void response.type('text/javascript').send(START),
  );
  for (const file of FILES) {
    express.get(`/docs/${file}`, (_request: Request, response: Response) =>
      response.sendFile(join(directory, file), { cacheControl: false }),
    );
  }
}
