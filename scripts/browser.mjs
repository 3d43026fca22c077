#!/usr/bin/env node
/**
 * `npm run browser`: signs in with a real headless browser against its own installation, and stores a screenshot of
 * each page in <home>/browser/pictures. Needs Chromium on PATH, or its path in CHROMIUM.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { browse } = await import('./browser/browse.mjs');
process.exitCode = await browse();
