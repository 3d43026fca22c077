import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rangeOf, sliced } from './byte-range.js';

const FILE = { length: 1000, etag: '"abc"' };
const range = (value: string | undefined, ifRange?: string) => rangeOf({ range: value, 'if-range': ifRange }, FILE);

describe('the range of a request', () => {
  // RFC 9110 section 14.1.2
  it.each<[string, [first: number, last: number]]>([
    ['bytes=0-499', [0, 499]],
    ['bytes=500-999', [500, 999]],
    ['bytes=500-', [500, 999]],
    ['bytes=-300', [700, 999]],
    ['bytes=-2000', [0, 999]],
    ['bytes=999-5000', [999, 999]],
    ['BYTES = 1-2', [1, 2]],
    ['bytes=000-00', [0, 0]],
  ])('%s', (value, [first, last]) => {
    expect(range(value)).toEqual({ first, last });
  });

  it.each([undefined, '', 'bytes=-', 'bytes=5-4', 'bytes=0-1,5-6', 'bytes=a-b', 'lines=1-2', 'bytes=1', 'bytes=-1-2'])(
    'is the whole file for %j',
    (value) => {
      expect(range(value)).toBeNull();
    },
  );

  it.each(['bytes=1000-', 'bytes=1000-2000', 'bytes=999999999999999-', 'bytes=-0'])('is rejected for %s', (value) => {
    expect(() => range(value)).toThrow(
      expect.objectContaining({ code: 'range_not_satisfiable', headers: { 'Content-Range': 'bytes */1000' } }),
    );
  });

  // RFC 9110 section 13.1.5: a strong comparison, so a weak tag and a date name no file
  it.each(['"other"', 'W/"abc"', 'Tue, 01 Dec 2026 00:00:00 GMT'])('is the whole file with If-Range: %s', (ifRange) => {
    expect(range('bytes=1-', ifRange)).toBeNull();
  });

  it('is the range when If-Range names the file', () => {
    expect(range('bytes=1-', '"abc"')).toEqual({ first: 1, last: 999 });
  });
});

describe('a slice of a stream', () => {
  it('has the bytes of the range, for every chunk size, and closes its source', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        fc.nat(59),
        fc.nat(59),
        async (data, size, a, b) => {
          const bytes = Buffer.from(data);
          const [first, last] = [Math.min(a, b), Math.max(a, b)].map((at) => Math.min(at, bytes.length - 1)) as [
            number,
            number,
          ];
          const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
            bytes.subarray(i * size, (i + 1) * size),
          );
          const source = Readable.from(chunks);
          expect(await buffer(sliced(source, { first, last }))).toEqual(bytes.subarray(first, last + 1));
          expect(source.destroyed).toBe(true);
        },
      ),
    );
  });

  it('fails with the error of its source', async () => {
    const source = new Readable({
      read(): void {
        this.destroy(new Error('broken'));
      },
    });
    await expect(buffer(sliced(source, { first: 1, last: 2 }))).rejects.toThrow('broken');
  });
});
