#!/usr/bin/env node
/**
 * `npm run browser`: signs in as a person does, with a real headless browser against a system of its own, and keeps a
 * picture of each page in <home>/browser/pictures. Needs Chromium: CHROMIUM names it where it is not on PATH.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { browse } = await import('./browser/browse.mjs');
process.exitCode = await browse();
