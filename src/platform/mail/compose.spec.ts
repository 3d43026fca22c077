import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { normalizeEmail } from '../crypto/index.js';
import { isMailAddress } from './address.js';
import { compose, oneLine } from './compose.js';

const FROM = 'no-reply@vouchsafe.test';
const DATE = new Date('2026-03-04T05:06:07Z');
const written = async (message: { to?: string; subject?: string; text?: string }) =>
  (
    await compose({ to: 'recipient@clinic.example', subject: 'Hello', text: 'Text', ...message }, FROM, DATE)
  ).raw.toString();
const headersOf = (raw: string) =>
  raw
    .slice(0, raw.indexOf('\r\n\r\n'))
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
const namesOf = (raw: string) =>
  headersOf(raw)
    .map((header) => header.slice(0, header.indexOf(':')))
    .toSorted();
const NAMES = [
  'Auto-Submitted',
  'Content-Transfer-Encoding',
  'Content-Type',
  'Date',
  'From',
  'MIME-Version',
  'Message-ID',
  'Subject',
  'To',
];

describe('a composed mail', () => {
  it('names sender, recipient, subject, date, and automatic generation (RFC 5322, RFC 3834)', async () => {
    const raw = await written({});
    expect(headersOf(raw)).toEqual(
      expect.arrayContaining([
        `From: ${FROM}`,
        'To: recipient@clinic.example',
        'Subject: Hello',
        'Date: Wed, 04 Mar 2026 05:06:07 +0000',
        'Auto-Submitted: auto-generated',
      ]),
    );
    expect(namesOf(raw)).toEqual(NAMES);
  });

  it('shows an encoded word in the subject as it was written, and does not let the client decode it', async () => {
    const subject = 'Invitation to =?utf-8?q?Bank_=E2=80=AE=0D=0AX?=';
    const header = headersOf(await written({ subject })).find((one) => one.startsWith('Subject: '))!;
    const words = header.slice('Subject: '.length).split(' ');
    const decoded = words.map((word) => Buffer.from(/^=\?UTF-8\?B\?(.*)\?=$/.exec(word)![1]!, 'base64').toString());
    expect(decoded.join('')).toBe(subject);
  });

  it.each([
    'a@b.example\r\nBcc: c@d.example',
    'a@b.example\nBcc: c@d.example',
    'a@b.example, c@d.example',
    'A <a@b.example>',
    '"a\r\nb"@b.example',
    '"a b"@c.example',
    'a@[127.0.0.1]',
    'a@b',
    'a@b.example\0',
    'a b@c.example',
    '@b.example',
    'a@',
    '',
    `${'a'.repeat(65)}@b.example`,
    'a@b.example>',
    'a@b.example;c@d.example',
    'a:b;@c.example',
    'a@\u202eb.example',
  ])('rejects the recipient %j', async (to) => {
    expect(isMailAddress(to)).toBe(false);
    await expect(written({ to })).rejects.toThrow(TypeError);
  });

  it.each(['a@b.example', "o'neill+ward@clinic.example", 'jürgen@klinik.example', 'a.b.c@xn--mnchen-3ya.example'])(
    'accepts the recipient %s',
    async (to) => {
      expect(isMailAddress(to)).toBe(true);
      expect(headersOf(await written({ to }))).toContainEqual(`To: ${to}`);
    },
  );

  it.each(['Hello\r\nBcc: c@d.example', 'Hello\nX: y', 'Hello\rX: y', 'a\0b', 'a\u2028b', '', 'x'.repeat(251)])(
    'rejects the subject %j',
    async (subject) => {
      await expect(written({ subject })).rejects.toThrow(TypeError);
    },
  );

  it('contains only its own headers for any subject and text', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary', minLength: 1, maxLength: 80 }),
        fc.string({ unit: 'binary' }),
        async (subject, text) => {
          const raw = await written({ subject: oneLine(subject) || 'x', text: `.\r\n${text}` });
          expect(namesOf(raw)).toEqual(NAMES);
        },
      ),
    );
  });
});

describe('user-supplied text', () => {
  it('becomes one line of at most 100 characters', () => {
    expect(oneLine(' Grand\r\nRounds\u2029\u202e at\t10 ')).toBe('Grand Rounds at 10');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect([...oneLine(text)].length).toBeLessThanOrEqual(100);
        expect(oneLine(text)).not.toMatch(/\p{C}|\p{Zl}|\p{Zp}/u);
      }),
    );
  });
});

describe('an e-mail address with an international domain', () => {
  it('is accepted in Unicode and in ASCII, and is mailed only in ASCII', async () => {
    for (const address of [
      'ada@MÜNCHEN.example',
      'ada@例え.テスト',
      'ada@münchen。example',
      'ada@xn--mnchen-3ya.example',
    ]) {
      const normalized = normalizeEmail(address);
      expect([isMailAddress(address), isMailAddress(normalized)]).toEqual([true, true]);
      await expect(written({ to: normalized })).resolves.toBeDefined();
    }
    await expect(written({ to: 'ada@münchen.example' })).rejects.toThrow(TypeError);
    for (const address of ['ada@mün chen.example', 'ada@münchen', 'ada@münchen.example/x', ' ada@münchen.example'])
      expect([address, isMailAddress(address)]).toEqual([address, false]);
  });
});

describe('an e-mail address that looks like another', () => {
  it('is invalid if a letter is a compatibility variant of ASCII', () => {
    for (const local of ['\uff41dmin', 'adm\u{1d422}n', 'adm\u2071n', 'o\ufb03ce', 'admin\uff0e'])
      expect([local, isMailAddress(`${local}@hospital.example`)]).toEqual([local, false]);
  });

  it('is valid with the letters of every language', () => {
    for (const local of ['zo\u00eb', '\u0e19\u0e49\u0e33', '\u5c71\u7530', 'col\u00b7legi', '\u0438\u0432\u0430\u043d'])
      expect([local, isMailAddress(`${local}@hospital.example`)]).toEqual([local, true]);
  });
});
