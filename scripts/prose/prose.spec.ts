import { afterAll, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isChecked } from './files.mjs';
import { findingsIn } from './prose.mjs';

/** Banned words, split into parts, because the check also reads this file. */
const WORD = ['who', 'ever'].join('');
const PHRASE = ['comes', 'by'];

/** Returns the findings of a file with these lines, as `line:column word`. */
async function found(file: string, ...lines: string[]): Promise<string[]> {
  const findings = await findingsIn(file, lines.join('\n'));
  return findings.map(({ line, column, message }) => `${line}:${column} ${/^"(.*)"/.exec(message)?.[1] ?? message}`);
}

describe('the prose check of scripts', () => {
  it('finds a banned word in each kind of comment', async () => {
    const lines = [`// ${WORD}`, `/* ${WORD} */`, `/**\n * ${WORD}\n */`, `f(); // ${WORD}`, `{ /* ${WORD} */ }`];
    expect(await found('x.ts', ...lines)).toEqual(['1:4', '2:4', '4:4', '6:9', '7:6'].map((at) => `${at} ${WORD}`));
  });

  it('finds a banned word in strings and templates of more than one word', async () => {
    expect(await found('x.mjs', `f('a ${WORD}', "${WORD}"); g(\`<b>\${x}, ${WORD}</b>\`)`)).toEqual([
      `1:6 ${WORD}`,
      `1:40 ${WORD}`,
    ]);
  });

  it('finds a phrase that continues on the next line', async () => {
    expect(await found('x.ts', `/** It ${PHRASE[0]}`, `    * ${PHRASE[1]} mail. */`)).toEqual([
      `1:8 ${PHRASE.join(' ')}`,
    ]);
    expect(await found('x.ts', `// It ${PHRASE[0]}`, `  // ${PHRASE[1]} mail.`)).toEqual([`1:7 ${PHRASE.join(' ')}`]);
  });

  it('does not join comments with code between them', async () => {
    expect(await found('x.ts', `f(); // ${PHRASE[0]}`, `g(); // ${PHRASE[1]}`)).toEqual([]);
  });

  it('ignores names, names in backquotes, URLs, and regular expressions', async () => {
    const lines = [`${WORD}(/a ${WORD} \\/\\/ ${WORD}/);`, `// \`${WORD}\``, `// https://a.example/${WORD}`];
    expect(await found('x.ts', ...lines)).toEqual([]);
  });

  it('reads only the comments and sentences of SQL in a template', async () => {
    const lines = ['f(`SELECT dead FROM a', `-- ${WORD}`, `WHERE b = '${WORD}' AND c = 'a ${WORD}'\`)`];
    expect(await found('x.ts', ...lines)).toEqual([`2:4 ${WORD}`, `3:32 ${WORD}`]);
  });
});

describe('the prose check of SQL', () => {
  it('finds a banned word in comments and sentences, also inside a function body', async () => {
    const lines = [
      `SELECT dead; -- ${WORD}`,
      `/* ${WORD} */`,
      'AS $$',
      `RAISE 'is ${WORD}';`,
      `-- ${PHRASE[0]}`,
      `-- ${PHRASE[1]}`,
      '$$',
    ];
    expect(await found('x.sql', ...lines)).toEqual([
      `1:17 ${WORD}`,
      `2:4 ${WORD}`,
      `4:11 ${WORD}`,
      `5:4 ${PHRASE.join(' ')}`,
    ]);
  });
});

describe('the prose check of Markdown', () => {
  it('finds a banned word in headings, paragraphs, tables, and links', async () => {
    const lines = [`# ${WORD}`, '', `It ${PHRASE[0]}`, `${PHRASE[1]} mail.`, '', `| ${WORD} |`, '', `[${WORD}](a)`];
    expect(await found('x.md', ...lines)).toEqual([
      `1:3 ${WORD}`,
      `3:4 ${PHRASE.join(' ')}`,
      `6:3 ${WORD}`,
      `8:2 ${WORD}`,
    ]);
  });

  it('ignores code and link targets', async () => {
    expect(await found('x.md', '```', WORD, '```', '', `\`${WORD}\` [a](${WORD}.md)`)).toEqual([]);
  });
});

describe('the check of lines', () => {
  it('finds a line of more than 120 columns in code, and none in Markdown', async () => {
    const lines = ['x'.repeat(120), 'ä'.repeat(120), 'x'.repeat(121)];
    const long = ['3:121 line of 121 columns, at most 120'];
    for (const file of ['a.ts', 'a.mjs', 'a.cjs', 'a.js', 'a.sql']) expect(await found(file, ...lines)).toEqual(long);
    expect(await found('a.md', ...lines)).toEqual([]);
  });
});

describe('npm run prose', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'prose-'));
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  /** Returns the exit code and the output of the command for a file with this text. */
  function run(text: string): [number | null, string] {
    const file = path.join(folder, 'x.md');
    fs.writeFileSync(file, text);
    const { status, stdout } = spawnSync(process.execPath, ['scripts/prose.mjs', file], { encoding: 'utf8' });
    return [status, stdout];
  }

  it('fails with the position and a suggestion when it finds a banned word', () => {
    const [status, output] = run(`The user.\n\nAnd ${WORD}.\n`);
    expect(status).toBe(1);
    expect(output).toContain(`x.md:3:5 "${WORD}": write the user | the caller | the member`);
  });

  it('succeeds without findings', () => {
    expect(run('The user.\n')).toEqual([0, 'prose: 0 findings in 0 of 1 files\n']);
  });

  it('reads code and Markdown, and no generated file', () => {
    const files = ['README.md', 'src/a.sql', 'jest.config.js', 'docs/generated/a.md', 'package.json', 'src/a.css'];
    expect(files.filter((file) => isChecked(file))).toEqual(['README.md', 'src/a.sql', 'jest.config.js']);
  });
});
