import { buffer } from 'node:stream/consumers';
import { inflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { extractText, getDocumentProxy, getMeta } from 'unpdf';
import { renderPersonPdf, type PersonRecord } from './pdf.js';
import { WatermarkFailed, watermarkText } from './watermark.js';

const facts = {
  name: 'Zoë 李雷',
  email: 'zoe@example.org',
  organization: 'Nguyễn Clinic',
  time: new Date('2026-03-01T10:20:30.456Z'),
  exportId: '1',
};
const watermark = watermarkText(facts);

const record = (...rows: [label: string, value: string][]): PersonRecord => ({
  title: 'Record of Zoë Ó Briain',
  sections: [{ heading: 'Contact', rows: rows.map(([label, value]) => ({ label, value })) }],
});

async function readBack(person: PersonRecord, mark = watermark) {
  const file = await buffer(renderPersonPdf(person, mark));
  const pdf = await getDocumentProxy(new Uint8Array(file));
  const { text } = await extractText(pdf, { mergePages: false });
  const pages = text.map((page) => page.replace(/\s+/g, ' '));
  return { file, pdf, pages };
}

/** Returns the ActualText strings of a file: UTF-16 with a byte order mark (ISO 32000-1 section 7.9.2). */
function actualTexts(file: Buffer): string {
  const streams = file.toString('latin1').matchAll(/stream\r?\n(.*?)\r?\nendstream/gs);
  const contents = [...streams].flatMap(([, bytes]) => {
    const stream = Buffer.from(bytes!, 'latin1');
    return stream[0] === 0x78 ? [inflateSync(stream).toString('latin1')] : [];
  });
  const strings = contents.join('\n').matchAll(/\/ActualText \(((?:\\.|[^\\)])*)\)/gs);
  return Array.from(strings, ([, text]) => {
    const bytes = Buffer.from(text!.replace(/\\(.)/gs, unescaped), 'latin1');
    return bytes[0] === 0xfe ? bytes.subarray(2).swap16().toString('utf16le') : bytes.toString('latin1');
  }).join('');
}

const unescaped = (_escape: string, character: string): string =>
  ({ n: '\n', r: '\r', t: '\t', b: '\b', f: '\f' })[character] ?? character;

const count = (page: string, line: string): number =>
  page.replaceAll(' ', '').split(line.replaceAll(' ', '')).length - 1;

describe('a person as PDF', () => {
  it('has the watermark twice on its page and in its metadata', async () => {
    const { pdf, pages } = await readBack(record(['Email', 'zoe@example.org']));
    expect(pages).toHaveLength(1);
    expect(count(pages[0]!, watermark)).toBe(2);
    const { info } = await getMeta(pdf);
    expect(info).toMatchObject({ Title: 'Record of Zoë Ó Briain', Subject: watermark, Keywords: watermark });
  });

  it('has the watermark on every page, also on overflow pages', async () => {
    const long = 'A long remark on the rotation. '.repeat(1500);
    const { pages } = await readBack(
      record(['Remark', long], ...Array.from({ length: 120 }, (_, i): [string, string] => [`Row ${i}`, 'x'])),
    );
    expect(pages.length).toBeGreaterThan(8);
    for (const page of pages) expect(count(page, watermark)).toBe(2);
    expect(count(pages.join(''), 'A long remark on the rotation.')).toBeGreaterThanOrEqual(1500 - pages.length);
    expect(pages.join('')).toContain('Row 119');
  });

  it('accepts the longest possible watermark', async () => {
    const longest = watermarkText({
      ...facts,
      name: '李'.repeat(200),
      organization: 'Ŵ'.repeat(200),
      email: `${'w'.repeat(64)}@${'m'.repeat(189)}`,
    });
    const { pages } = await readBack(record(['a', 'b']), longest);
    expect(count(pages[0]!, longest)).toBe(2);
  });

  it('fails when the watermark is empty, not one line, or too long to be fully visible', () => {
    for (const bad of ['', '  ', 'a\nb', 'x'.repeat(5000)]) {
      expect(() => renderPersonPdf(record(['a', 'b']), bad)).toThrow(WatermarkFailed);
    }
  });

  it('has the watermark on a record without sections', async () => {
    const { pages } = await readBack({ title: 'Nobody', sections: [] });
    expect(pages).toHaveLength(1);
    expect(count(pages[0]!, watermark)).toBe(2);
  });

  it.each([
    'Zoë Ó Briain',
    'Nguyễn Thị Minh Khai',
    '李雷',
    'Владимир',
    'Αθηνά',
    'Łukasz Żółć',
    '김철수',
    'さくら',
    'שלום עולם',
    'مرحبا بالعالم',
    'Zoe\u0308',
    'office ﬁ',
  ])('writes %s so that it reads back the same', async (name) => {
    const { pages } = await readBack(record(['Name', name]));
    expect(pages[0]!.normalize('NFKC')).toContain(`Name ${name.normalize('NFKC')}`);
  });

  // Readers that ignore ActualText (pdf.js) add spaces where marks are placed apart from their letter.
  it.each([
    'مُحَمَّد العربية',
    'प्रिया शर्मा क्ष कि राष्ट्रीय',
    'রবীন্দ্রনাথ কো',
    'ਸਿੰਘ ਗੁਰਪ੍ਰੀਤ',
    'ગુજરાતી પટેલ',
    'ଓଡ଼ିଆ କୋ',
    'தமிழ் கொ',
    'తెలుగు శ్రీ',
    'ಕನ್ನಡ ಕೃಷ್ಣ',
    'മലയാളം കൃഷ്ണൻ',
    'සිංහල ශ්‍රී',
    'ភ្នំពេញ កោះ សុខា',
    'မြန်မာ အောင်ဆန်းစုကြည် မင်္ဂလာပါ',
    'ᠮᠣᠩᠭᠣᠯ ᠪᠠᠶᠠᠷ',
    'བོད སྒྲུབ',
    'กำหนด ที่นี่',
  ])('shapes %s so that it reads back the same, also with the text of the run', async (name) => {
    const { file, pages } = await readBack(record(['Name', name]));
    const spaceless = (text: string) => text.normalize('NFKC').replaceAll(' ', '');
    expect(spaceless(pages[0]!)).toContain(`Name${spaceless(name)}`);
    expect(actualTexts(file)).toContain(name.normalize('NFC'));
  });

  it('shows characters that no font has, and misleading characters, as code points', async () => {
    const { pages } = await readBack(record(['Odd', 'a\u{20BB7}b \u202egnp\u0007 \ud800.']));
    expect(pages[0]).toContain('a[U+20BB7]b [U+202E]gnp[U+0007] [U+D800].');
  });

  it('keeps the line breaks of a value', async () => {
    const { pages } = await readBack(record(['Address', '1 Quay\r\nHarbour\u2028Coast']));
    expect(pages[0]).toContain('1 Quay Harbour Coast');
  });

  it('tags title, heading and table for screen readers, but not the watermark', async () => {
    const { file, pdf } = await readBack(record(['Email', 'zoe@example.org'], ['Phone', '']));
    expect(file.toString('latin1')).toContain('/Marked true');
    const tree = JSON.stringify(await (await pdf.getPage(1)).getStructTree());
    for (const role of ['Document', 'H1', 'Sect', 'H2', 'Table', 'TR', 'TH', 'TD'])
      expect(tree).toContain(`"role":"${role}"`);
    expect(tree).not.toContain('Artifact');
  });

  it('gives the same result twice in one process, independent of earlier documents', async () => {
    await readBack(record(['Name', 'é']));
    const { pages } = await readBack(record(['Name', 'e ´ fi f i 李']));
    expect(pages[0]).toContain('e ´ fi f i 李');
  });
});
