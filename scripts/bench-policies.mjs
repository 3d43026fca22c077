#!/usr/bin/env node
/**
 * `npm run bench:policies`: what the row policies cost, on a million people in a hundred organizations, against the
 * same
 * queries with the conditions written out. BENCH_ROUNDS, BENCH_PEOPLE make it shorter or longer; `-- --plans FILE`
 * writes
 * how Postgres carried out each query.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { benchPolicies } = await import('./bench/policies/policies.mjs');
await benchPolicies(process.argv.slice(2));
