import fs from 'node:fs';
import path from 'node:path';
import { copyCheckout } from '../lib/copy-checkout.mjs';
import { makeHome, readJson } from '../lib/files.mjs';
import { Fixable, complain, say, step } from '../lib/log.mjs';
import { stateHome } from '../lib/paths.mjs';
import { run } from '../lib/process.mjs';
import { cases } from './cases.mjs';

const ANSI = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

/** Creates a copy of the checkout that shares its packages. */
function copy(folder) {
  fs.rmSync(folder, { recursive: true, force: true });
  copyCheckout(folder);
  if (fs.existsSync(path.join(stateHome(), 'cache'))) {
    fs.cpSync(path.join(stateHome(), 'cache'), path.join(folder, '.vouchsafe', 'cache'), { recursive: true });
  }
}

/** Returns the failed tests of the copy: name and message. */
async function failures(folder, tests) {
  const { code, stdout, stderr } = await run('npm', ['test', '--', tests], {
    cwd: folder,
    env: { ...process.env, VOUCHSAFE_HOME: path.join(folder, '.vouchsafe') },
  });
  if (code === 0) return [];
  const report = readJson(path.join(folder, '.vouchsafe', 'test', 'jest.json'));
  const failed = (report?.testResults ?? []).flatMap(({ assertionResults, message }) => {
    const tested = assertionResults
      .filter(({ status }) => status === 'failed')
      .map((test) => ({ name: test.fullName, message: test.failureMessages.join('\n') }));
    return tested.length > 0 || !message ? tested : [{ name: 'the suite', message }];
  });
  return failed.length > 0 ? failed : [{ name: 'the start', message: `${stdout}\n${stderr}` }];
}

/** Returns the first line of a failure that matches the expectation. */
function matchingLine(found, expected) {
  const lines = found.flatMap(({ name, message }) =>
    [name, ...message.replaceAll(ANSI, '').split('\n')].map((line) => ({ name, line: line.trim() })),
  );
  return lines.find(({ line }) => expected.test(line));
}

async function attempt({ control, file, edit, tests, expect }, folder) {
  const target = path.join(folder, file);
  const before = fs.readFileSync(target, 'utf8');
  const after = edit(before);
  if (after === before)
    throw new Fixable(
      `the edit changes nothing in ${file}: the case "${control}" is out of date`,
      'edit scripts/mutation/cases.mjs',
    );
  fs.writeFileSync(target, after);
  try {
    const found = await failures(folder, tests);
    const match = matchingLine(found, expect);
    if (match === undefined)
      throw new Fixable(
        `"${control}" was removed, and ${found.length === 0 ? 'no test failed' : 'no failure names it'}`,
        `npm test -- ${tests}`,
      );
    return { control, failed: found.length, ...match };
  } finally {
    fs.writeFileSync(target, before);
  }
}

/** Runs the cases whose name contains the word; all without a word. The exit code is 1 when no test notices a case. */
export async function mutate([word = '']) {
  const folder = path.join(stateHome(), 'mutation');
  makeHome(stateHome());
  copy(folder);
  for (const one of cases.filter(({ control }) => control.includes(word))) {
    try {
      const { failed, name, line } = await step(`without ${one.control}`, () => attempt(one, folder));
      say(`    ${failed} failed, for example: ${name.slice(0, 150)}\n    ${line.slice(0, 200)}`);
    } catch (error) {
      process.exitCode = 1;
      complain(error);
    }
  }
  fs.rmSync(folder, { recursive: true, force: true });
}
