#!/usr/bin/env node
/**
 * `npm run bench:policies`: measures the cost of the row policies on a million people in a hundred organizations,
 * against the same queries with the conditions written out. BENCH_ROUNDS and BENCH_PEOPLE change the duration;
 * `-- --plans FILE` writes the query plans.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { benchPolicies } = await import('./bench/policies/policies.mjs');
await benchPolicies(process.argv.slice(2));
