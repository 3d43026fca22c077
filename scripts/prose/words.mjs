import { TextlintKernel } from '@textlint/kernel';
import text from '@textlint/textlint-plugin-text';
import prh from 'textlint-rule-prh';
import fs from 'node:fs';
import { inRoot } from '../lib/paths.mjs';

/** Separates the pieces into paragraphs, so that no phrase is found across two pieces. */
const BETWEEN = '\n\n';

/** Returns a check of pieces against the word list: a promise of `{ index, message }`, with offsets in the file. */
export function wordCheck(list = fs.readFileSync(inRoot('scripts/prose/words.yml'), 'utf8')) {
  const kernel = new TextlintKernel();
  const options = {
    ext: '.txt',
    plugins: [{ pluginId: 'text', plugin: text.default ?? text }],
    rules: [{ ruleId: 'prh', rule: prh.default ?? prh, options: { ruleContents: [acrossLines(list)] } }],
  };
  return async (pieces) => {
    const { messages } = await kernel.lintText(pieces.map((piece) => piece.text).join(BETWEEN), options);
    return messages.map(({ range, message }) => ({
      index: offsetInFile(pieces, range[0]),
      message: message.replace(/^([^]*?) => /, (_, found) => `"${found.replace(/\s+/g, ' ')}": write `),
    }));
  };
}

/** Lets each blank of a pattern match any white space. */
function acrossLines(list) {
  return list.replace(/^ *pattern: .*$/gm, (line) => line.replace(/(?<=pattern: .*) /g, '\\s+'));
}

/** Translates an offset in the joined pieces into an offset in the file. */
function offsetInFile(pieces, offset) {
  let start = 0;
  for (const piece of pieces) {
    if (offset < start + piece.text.length) return piece.from + offset - start;
    start += piece.text.length + BETWEEN.length;
  }
  throw new Error(`no piece has the offset ${offset}`);
}
