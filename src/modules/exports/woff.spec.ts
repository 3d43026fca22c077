import { deflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { unpackWoff } from './woff.js';

/** Returns a WOFF with two tables: one compressed, one (of 5 bytes) stored. */
function woffOf(packed: Buffer, plain: Buffer): Buffer {
  const [header, entries, deflated] = [Buffer.alloc(44), Buffer.alloc(40), deflateSync(packed)];
  header.write('wOFF', 'latin1');
  header.writeUInt32BE(0x00010000, 4);
  header.writeUInt16BE(2, 12);
  const put = (at: number, tag: string, numbers: number[]): void => {
    entries.write(tag, at, 'latin1');
    numbers.forEach((number, i) => entries.writeUInt32BE(number, at + 4 + i * 4));
  };
  put(0, 'aaaa', [84, deflated.length, packed.length, 0x1234]);
  put(20, 'bbbb', [84 + deflated.length, plain.length, plain.length, 0x5678]);
  return Buffer.concat([header, entries, deflated, plain]);
}

describe('unpacking WOFF', () => {
  it('restores the original font with tables on 4-byte boundaries', () => {
    const font = unpackWoff(woffOf(Buffer.alloc(1000, 'x'), Buffer.from('plain')));
    expect(font.subarray(0, 12).toString('hex')).toBe('000100000002002000010000');
    expect(font.subarray(12, 28).toString('hex')).toBe('61616161000012340000002c000003e8');
    expect(font.subarray(28, 44).toString('hex')).toBe('6262626200005678' + '00000414' + '00000005');
    expect(font.subarray(44, 1044).equals(Buffer.alloc(1000, 'x'))).toBe(true);
    expect(font.subarray(1044).toString()).toBe('plain\0\0\0');
  });

  it('rejects other files, and tables that unpack to more than the declared size', () => {
    expect(() => unpackWoff(Buffer.from('OTTO plus some more'))).toThrow(TypeError);
    const lying = woffOf(Buffer.alloc(100_000, 'x'), Buffer.from('plain'));
    lying.writeUInt32BE(1000, 44 + 12);
    expect(() => unpackWoff(lying)).toThrow('larger than 1000 bytes');
  });
});
