#!/usr/bin/env node
/**
 * `npm test`: runs static checks, then every test with its own services. `npm test -- <pattern or Jest option>…` runs
 * only those tests, without the checks.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { test } = await import('./test/test.mjs');
await test(process.argv.slice(2));
