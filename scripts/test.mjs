#!/usr/bin/env node
/**
 * `npm test`: static checks, then every test on services of its own. `npm test -- <pattern or Jest option>…` is for
 * work
 * on one thing: it runs those tests alone, without the checks.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { test } = await import('./test/test.mjs');
await test(process.argv.slice(2));
