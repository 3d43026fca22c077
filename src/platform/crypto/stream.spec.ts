import { createHash, randomBytes } from 'node:crypto';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DecryptionFailed } from './errors.js';
import type { CipherContext } from './cipher-context.js';
import { CHUNK_BYTES, openStream, sealedLength, sealStream, STREAM_HEADER_BYTES } from './stream.js';

const key = Buffer.alloc(32, 3);
const context: CipherContext = { orgId: 'org-1', table: 'storage', column: 'exports', rowId: 'file-1' };
const keyFor = (keyVersion: number): Buffer => (keyVersion === 9 ? key : Buffer.alloc(32, 4));
const SEALED_CHUNK = CHUNK_BYTES + 16;

/** Passes `data` through a stream in writes of `size` bytes. */
async function through(stream: NodeJS.ReadWriteStream, data: Buffer, size = data.length): Promise<Buffer> {
  const writes = [];
  for (let at = 0; at < data.length; at += size) writes.push(data.subarray(at, at + size));
  const out: Buffer[] = [];
  const sink = new Writable({ write: (chunk: Buffer, _encoding, done) => (out.push(chunk), done()) });
  await pipeline(Readable.from(writes), stream, sink);
  return Buffer.concat(out);
}

const sealed = (data: Buffer, size?: number): Promise<Buffer> => through(sealStream(key, 9, context), data, size);
const opened = (data: Buffer, size?: number, at = context): Promise<Buffer> =>
  through(openStream(keyFor, at), data, size);

/** Returns the parts of a sealed file of three full chunks and a short one. */
async function parts(): Promise<{ header: Buffer; chunks: Buffer[] }> {
  const file = await sealed(randomBytes(3 * CHUNK_BYTES + 100));
  const chunks = [];
  for (let at = STREAM_HEADER_BYTES; at < file.length; at += SEALED_CHUNK)
    chunks.push(file.subarray(at, at + SEALED_CHUNK));
  return { header: file.subarray(0, STREAM_HEADER_BYTES), chunks };
}

describe('sealed files', () => {
  it('open from the documented format: a file from another library opens', async () => {
    const known =
      '09404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5fc3c0b729a08b7a0ffc514cbdaada9d8b8c303d';
    expect((await opened(Buffer.from(known, 'hex'))).toString()).toBe('abc');
  });

  it('open to the same bytes at every chunk boundary', async () => {
    for (const length of [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES + 7]) {
      const data = randomBytes(length);
      const file = await sealed(data);
      expect(file.length).toBe(sealedLength(length));
      expect((await opened(file)).equals(data)).toBe(true);
    }
  });

  it('open to the same bytes for any write sizes', async () => {
    const length = fc.integer({ min: 0, max: 2 * CHUNK_BYTES + 50 });
    const size = fc.oneof(fc.integer({ min: 7, max: 200 }), fc.integer({ min: 200, max: 200_000 }));
    await fc.assert(
      fc.asyncProperty(length, size, size, async (bytes, writeSize, readSize) => {
        const data = randomBytes(bytes);
        expect((await opened(await sealed(data, writeSize), readSize)).equals(data)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('accept a header that arrives byte by byte', async () => {
    expect((await opened(await sealed(Buffer.from('short')), 1)).toString()).toBe('short');
  });

  it('accept a write much larger than a chunk', async () => {
    const data = Buffer.alloc(40 * CHUNK_BYTES + 1, 'x');
    expect((await opened(await sealed(data))).equals(data)).toBe(true);
  });

  it('contain no plaintext and differ each time', async () => {
    const [a, b] = await Promise.all([sealed(Buffer.from('confidential')), sealed(Buffer.from('confidential'))]);
    expect(a.includes('confidential')).toBe(false);
    expect(a.equals(b)).toBe(false);
  });

  it('are rejected when truncated, also at a chunk boundary', async () => {
    const { header, chunks } = await parts();
    const file = Buffer.concat([header, ...chunks]);
    for (const end of [0, 1, STREAM_HEADER_BYTES, STREAM_HEADER_BYTES + 15, file.length - 1]) {
      await expect(opened(file.subarray(0, end))).rejects.toThrow(DecryptionFailed);
    }
    for (let count = 0; count < chunks.length; count++) {
      await expect(opened(Buffer.concat([header, ...chunks.slice(0, count)]))).rejects.toThrow(DecryptionFailed);
    }
  });

  it('are rejected when chunks are reordered, repeated, omitted, or added', async () => {
    const { header, chunks } = await parts();
    const [a, b, c, last] = chunks as [Buffer, Buffer, Buffer, Buffer];
    const orders = [
      [b, a, c, last],
      [a, b, b, c, last],
      [a, c, last],
      [b, c, last],
      [a, b, c, last, last],
      [a, b, c, last, Buffer.alloc(16)],
    ];
    for (const order of orders) {
      await expect(opened(Buffer.concat([header, ...order]))).rejects.toThrow(DecryptionFailed);
    }
  });

  it('are rejected when a chunk or the header comes from another file', async () => {
    const [one, two] = [await parts(), await parts()];
    await expect(opened(Buffer.concat([one.header, two.chunks[0]!, ...one.chunks.slice(1)]))).rejects.toThrow(
      DecryptionFailed,
    );
    await expect(opened(Buffer.concat([two.header, ...one.chunks]))).rejects.toThrow(DecryptionFailed);
  });

  it('are rejected when any byte of a small file is changed', async () => {
    const file = await sealed(Buffer.from('abc'));
    for (let at = 0; at < file.length; at++) {
      const forged = Buffer.from(file);
      forged[at]! ^= 1;
      await expect(opened(forged)).rejects.toThrow(DecryptionFailed);
    }
  });

  it('are rejected in another context, and rethrow the error of the key lookup', async () => {
    const file = await sealed(Buffer.from('abc'));
    await expect(opened(file, file.length, { ...context, orgId: 'org-2' })).rejects.toThrow(DecryptionFailed);
    const noKey = (): Buffer => {
      throw new Error('key destroyed');
    };
    await expect(through(openStream(noKey, context), file)).rejects.toThrow('key destroyed');
  });

  it('output no byte of a chunk that fails authentication', async () => {
    const { header, chunks } = await parts();
    const forged = Buffer.from(chunks[1]!);
    forged[SEALED_CHUNK - 1]! ^= 1;
    const stream = openStream(keyFor, context);
    let given = 0;
    stream.on('data', (data: Buffer) => (given += data.length));
    await expect(pipeline(Readable.from([header, chunks[0]!, forged, chunks[2]!]), stream)).rejects.toThrow(
      DecryptionFailed,
    );
    expect(given).toBeLessThanOrEqual(CHUNK_BYTES);
  });

  it('pass a large source with bounded memory', async () => {
    const piece = randomBytes(100_000);
    const [before, after] = [createHash('sha256'), createHash('sha256')];
    const source = Readable.from(
      (function* () {
        for (let i = 0; i < 300; i++) {
          before.update(piece);
          yield piece;
        }
      })(),
    );
    let held = 0;
    const [sealing, opening] = [sealStream(key, 9, context), openStream(keyFor, context)];
    const sink = new Writable({
      write(chunk: Buffer, _encoding, done) {
        after.update(chunk);
        held = Math.max(
          held,
          sealing.readableLength + sealing.writableLength + opening.readableLength + opening.writableLength,
        );
        setImmediate(done);
      },
    });
    await pipeline(source, sealing, opening, sink);
    expect(after.digest('hex')).toBe(before.digest('hex'));
    expect(held).toBeLessThan(12 * CHUNK_BYTES);
  });

  it('reject a malformed key, key version, or context before the first byte', () => {
    expect(() => sealStream(Buffer.alloc(16), 9, context)).toThrow(TypeError);
    expect(() => sealStream(key, 0, context)).toThrow(RangeError);
    expect(() => openStream(keyFor, { ...context, rowId: 'a|b' })).toThrow(TypeError);
  });

  it('are readable by standard stream consumers', async () => {
    const file = await sealed(Buffer.from('abc'));
    expect((await buffer(Readable.from([file]).pipe(openStream(keyFor, context)))).toString()).toBe('abc');
  });
});
