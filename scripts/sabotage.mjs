#!/usr/bin/env node
/**
 * `npm run sabotage`: takes one control away at a time, in a copy, and shows what turns red. Not part of the tests: it
 * takes minutes.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { sabotage } = await import('./sabotage/sabotage.mjs');
await sabotage(process.argv.slice(2));
