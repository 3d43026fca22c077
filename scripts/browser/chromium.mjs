import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { Fixable } from '../lib/log.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
/** Disables network requests of Chromium itself. As root it runs without its own sandbox. */
const ARGS = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
];

function executable() {
  const named = process.env.CHROMIUM ? [process.env.CHROMIUM] : [];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const found = [...named, ...folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name)))].find((file) =>
    fs.existsSync(file),
  );
  if (found === undefined)
    throw new Fixable(
      'No Chromium found on PATH.',
      'CHROMIUM=/path/to/chromium npm run browser   (Debian: apt-get install chromium)',
    );
  return found;
}

/** Launches a headless browser. The caller must close it. */
export function launchBrowser() {
  return chromium.launch({
    executablePath: executable(),
    args: [...ARGS, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
  });
}
