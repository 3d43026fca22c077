#!/usr/bin/env node
/** `npm start`: runs the whole system on this machine, from the database to the sign-in page, until Ctrl-C. */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { start } = await import('./start/start.mjs');
await start();
