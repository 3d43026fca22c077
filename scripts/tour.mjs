#!/usr/bin/env node
/** `npm run tour`: the main job against the running `npm start`, told step by step; non-zero when a step fails. */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { tour } = await import('./tour/tour.mjs');
process.exitCode = await tour();
