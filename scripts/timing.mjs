#!/usr/bin/env node
/**
 * `npm run timing`: whether the time of an answer tells if an address is known, for sign-in by a wrong password and for
 * asking to set one, on services of its own. Ends with 1 where it does at p < 0.01. Takes about five minutes;
 * TIMING_TRIES
 * makes it shorter or longer.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { timing } = await import('./timing/timing.mjs');
await timing();
