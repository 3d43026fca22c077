#!/usr/bin/env node
/** `npm run tutorial`: follows docs/tutorial.md in a copy of the checkout, so that it stays correct. */
import { foreground } from './lib/foreground.mjs';
import { step } from './lib/log.mjs';
import { onPinnedNode } from './lib/runtime.mjs';
import { runTutorial } from './tutorial/run.mjs';

await onPinnedNode();
await foreground((signal) => step('Following docs/tutorial.md', () => runTutorial({ signal })));
