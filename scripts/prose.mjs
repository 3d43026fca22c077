#!/usr/bin/env node
/**
 * `npm run prose`: checks Markdown, comments, and long strings against `scripts/prose/words.yml`, and the length of
 * code lines. Prints each finding as `file:line:column` with a suggestion. The exit code is 1 if there are findings.
 * The arguments are file names; without arguments it checks every tracked file.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { prose } = await import('./prose/prose.mjs');
await prose(process.argv.slice(2));
