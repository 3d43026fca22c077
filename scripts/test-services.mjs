#!/usr/bin/env node
/**
 * `npm run test:services`: runs the tests against SimpleSAMLphp and LemonLDAP::NG. Downloads both once.
 * `npm run test:services -- <pattern or Jest option>…` runs only those tests.
 */
import { onPinnedNode } from './lib/runtime.mjs';

await onPinnedNode();
const { test } = await import('./test/test.mjs');
await test(process.argv.slice(2), 'test-services');
