#!/usr/bin/env node
/** `npm run services`: starts only Postgres and Redis, for developers who start the application themselves. */
import { onPinnedNode } from '../lib/runtime.mjs';

await onPinnedNode();
const { runServices } = await import('./foreground.mjs');
await runServices();
