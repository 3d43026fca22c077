import fs from 'node:fs';
import path from 'node:path';
import { filesToCheck } from './files.mjs';
import { longLines } from './lines.mjs';
import { piecesOf } from './pieces.mjs';
import { positionAt } from './position.mjs';
import { wordCheck } from './words.mjs';
import { root } from '../lib/paths.mjs';

/** Checks the given files, or every tracked file, prints the findings, and sets the exit code. */
export async function prose(names) {
  const check = wordCheck();
  const files = names.length > 0 ? names : filesToCheck();
  const findings = [];
  for (const file of files)
    findings.push(...(await findingsIn(file, fs.readFileSync(path.resolve(root, file), 'utf8'), check)));
  for (const { file, line, column, message } of findings) console.log(`${file}:${line}:${column} ${message}`);
  const withFindings = new Set(findings.map((finding) => finding.file)).size;
  console.log(`prose: ${findings.length} findings in ${withFindings} of ${files.length} files`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}

/** Returns the findings in one file by line: `{ file, line, column, message }`. */
export async function findingsIn(file, text, check = wordCheck()) {
  const words = (await check(piecesOf(file, text))).map(({ index, message }) => ({
    ...positionAt(text, index),
    message,
  }));
  return [...words, ...longLines(file, text)]
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .map((finding) => ({ file, ...finding }));
}
