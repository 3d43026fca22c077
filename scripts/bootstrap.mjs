#!/usr/bin/env node
/**
 * Runs before `npm start`, `npm test` and their like: installs the packages and builds, each only when needed.
 * Uses nothing but the host's Node (18 or newer), since nothing else is there yet in a new clone.
 */
import { build, buildIsCurrent } from './bootstrap/build.mjs';
import { checkHost, checkPinnedNode } from './bootstrap/host.mjs';
import { install, installIsCurrent, prepareNativeFiles } from './bootstrap/install.mjs';
import { complain, say, step } from './lib/log.mjs';

const quiet = process.argv.includes('--quiet');

try {
  checkHost();
  if (!installIsCurrent()) await step('Installing packages (npm ci)', install);
  await prepareNativeFiles();
  await checkPinnedNode();
  if (!buildIsCurrent()) await step('Building', build);
  else if (!quiet) say('✓ Packages and build are current');
} catch (error) {
  complain(error);
  process.exit(1);
}
