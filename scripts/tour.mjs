#!/usr/bin/env node
/** `npm run tour`: a smoke test of the running `npm start`, printed step by step. The exit code is 1 on a failure. */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { tour } = await import('./tour/tour.mjs');
process.exitCode = await tour();
