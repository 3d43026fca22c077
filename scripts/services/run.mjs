#!/usr/bin/env node
/** `npm run services`: Postgres and Redis alone, for developers who start the application themselves. */
import { onPinnedNode } from '../lib/runtime.mjs';

await onPinnedNode();
const { runServices } = await import('./foreground.mjs');
await runServices();
