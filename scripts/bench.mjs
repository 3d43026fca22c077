#!/usr/bin/env node
/**
 * `npm run bench`: compares this application with a bare `http` + `pg` server that does the same work. It starts its
 * own services. It takes about five minutes; BENCH_ROUNDS and BENCH_SECONDS change the duration.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { bench } = await import('./bench/bench.mjs');
await bench();
