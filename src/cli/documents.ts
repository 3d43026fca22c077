import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { loadConfig } from '../platform/config/config.js';
import { buildOpenApi } from '../platform/http/index.js';
import { renderSchema } from '../platform/boot/render-schema.js';
import { renderCatalog } from '../platform/boot/catalog.js';

/** The minimal configuration that builds the documents. Nothing connects to these URLs. */
const DOCUMENTATION_ENV = {
  VOUCHSAFE_ENV: 'test',
  DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  REDIS_URL: 'redis://127.0.0.1:1',
  PUBLIC_URL: 'http://127.0.0.1:3000',
  ROOT_KEY: '0'.repeat(64),
  JWT_SECRET: '1'.repeat(64),
};

/** `docs`: writes docs/generated from the code, or checks that the files are current. */
export function documentCommands(program: Command): void {
  program
    .command('docs')
    .description('write docs/generated from the declarations')
    .option('--check', 'check that the files are current, without writing')
    .action(async ({ check }: { check?: boolean }) => {
      const folder = path.resolve('docs/generated');
      const stale: string[] = [];
      for (const [name, text] of await documents()) {
        const file = path.join(folder, name);
        if (check) {
          if (read(file) !== text) stale.push(name);
        } else {
          mkdirSync(folder, { recursive: true });
          writeFileSync(file, text);
        }
      }
      if (stale.length > 0)
        throw new Error(`docs/generated is not current (${stale.join(', ')}): run \`npm run docs\``);
    });
}

async function documents(): Promise<[string, string][]> {
  const app = await NestFactory.create(AppModule.forRoot(loadConfig(DOCUMENTATION_ENV, 'api')), {
    preview: true,
    logger: false,
    abortOnError: false,
  });
  const openapi = buildOpenApi(app);
  return [
    ['openapi.json', `${JSON.stringify(openapi, null, 2)}\n`],
    ['catalog.md', renderCatalog(openapi)],
    ['schema.sql', renderSchema()],
  ];
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
