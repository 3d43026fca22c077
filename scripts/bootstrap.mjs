#!/usr/bin/env node
/**
 * Runs before `npm start`, `npm test` and other commands. Installs the packages and builds, each only when needed.
 * Uses only the host's Node (18 or later), because a new clone has no packages yet.
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
