#!/usr/bin/env node
/**
 * `npm run stall`: sends hostile bodies, queries, and headers without a session to every public route, and measures how
 * long each blocks the event loop of the API. The exit code is 1 when one blocks it for more than 50 ms. It starts its
 * own services and takes about three minutes.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { stall } = await import('./stall/stall.mjs');
await stall();
