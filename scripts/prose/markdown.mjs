/** Code, comments, URLs, and link targets. */
const NOT_PROSE = [
  /^ *(```|~~~)[^\n]*\n[\s\S]*?^ *\1/gm,
  /<!--[\s\S]*?-->/g,
  /`[^`\n]*(\n[^`\n]+)?`/g,
  /\]\([^)\s]*\)/g,
  /https?:\/\/[^\s)]+/g,
];

/** Returns the paragraphs of a Markdown text as pieces, without code and link targets. */
export function proseOfMarkdown(text) {
  let prose = text;
  for (const pattern of NOT_PROSE) prose = prose.replace(pattern, (match) => match.replace(/[^\n]/g, ' '));
  const pieces = [];
  for (const match of prose.matchAll(/(?:^[^\n]*\S[^\n]*(?:\n|$))+/gm)) {
    pieces.push({ from: match.index, text: match[0].replace(/\n/g, ' ') });
  }
  return pieces;
}
