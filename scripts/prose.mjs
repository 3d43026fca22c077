#!/usr/bin/env node
/**
 * `npm run prose`: checks Markdown, comments, and long strings against `scripts/prose/words.yml`, and the length of
 * lines of code. Prints each finding as `file:line:column` with a suggestion and ends with 1 when there is one. Takes
 * names of files; without names it checks every tracked file.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { prose } = await import('./prose/prose.mjs');
await prose(process.argv.slice(2));
