#!/usr/bin/env node
/**
 * `npm run test:mutation`: removes one control at a time in a copy of the checkout, and shows which tests fail. It is
 * not part of `npm test`, because it takes minutes.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { mutate } = await import('./mutation/mutation.mjs');
await mutate(process.argv.slice(2));
