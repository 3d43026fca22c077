#!/usr/bin/env node
/**
 * `npm run make:module NAME`: writes a working module with a table, two permissions, events, a retention policy,
 * routes, a migration, and an end-to-end test. NAME is plural and in kebab case, such as `bulletins`.
 */
import { parseArgs } from 'node:util';
import { complain } from './lib/log.mjs';
import { onPinnedNode } from './lib/runtime.mjs';
import { makeModule } from './make-module/make.mjs';

await onPinnedNode();
try {
  const { positionals, values } = parseArgs({ allowPositionals: true, options: { singular: { type: 'string' } } });
  await makeModule(positionals, values.singular);
} catch (error) {
  complain(error);
  process.exit(1);
}
