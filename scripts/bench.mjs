#!/usr/bin/env node
/**
 * `npm run bench`: how fast this application is beside a bare `http` + `pg` server that does the same work, on services
 * of its own. Takes about five minutes; BENCH_ROUNDS and BENCH_SECONDS make it shorter or longer.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { bench } = await import('./bench/bench.mjs');
await bench();
