#!/usr/bin/env node
/**
 * `npm run test:mutation`: takes one control away at a time, in a copy, and shows what turns red. Not part of the tests: it
 * takes minutes.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { mutate } = await import('./mutation/mutation.mjs');
await mutate(process.argv.slice(2));
