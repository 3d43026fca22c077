#!/usr/bin/env node
/**
 * `npm run timing`: tests whether response times reveal that an e-mail address is known, for sign-in with a wrong
 * password and for password reset requests. It starts its own services. The exit code is 1 at p < 0.01. It takes about
 * five minutes; TIMING_TRIES changes the duration.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { timing } = await import('./timing/timing.mjs');
await timing();
