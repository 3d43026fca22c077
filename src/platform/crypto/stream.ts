import { randomBytes } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { deriveKey } from './derive.js';
import { assertKeyVersion, type KeyFor } from './envelope.js';
import { DecryptionFailed } from './errors.js';
import { FixedChunks } from './fixed-chunks.js';
import { gcmOpen, gcmSeal, IV_BYTES, TAG_BYTES } from './gcm.js';
import { associatedData, cipherContextLabel, type CipherContext } from './cipher-context.js';

/*
 * Files are encrypted with STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption
 * and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015), which needs memory for one chunk only:
 *
 *   data key version (1 byte) ‖ salt (32 random bytes) ‖ chunks of 64 KiB, each with a 16-byte tag
 *
 * Each file has its own key, derived with the salt, so a counter is a safe nonce. The nonce consists of an
 * 11-byte counter and one byte that is 1 on the last chunk. A chunk that is omitted, moved, repeated, added,
 * or copied from another file fails authentication. Only an empty file has an empty last chunk.
 */
export const CHUNK_BYTES = 64 * 1024;
const SALT_BYTES = 32;
export const STREAM_HEADER_BYTES = 1 + SALT_BYTES;

/** The nonces of one file in order. The counter fails at 2^48 chunks, which no file reaches. */
class Nonces {
  private count = 0;

  next(isLast: boolean): Buffer {
    const nonce = Buffer.alloc(IV_BYTES);
    nonce.writeUIntBE(this.count++, IV_BYTES - 7, 6);
    nonce[IV_BYTES - 1] = isLast ? 1 : 0;
    return nonce;
  }
}

class SealStream extends Transform {
  private readonly fileKey: Buffer;
  private readonly aad: Buffer;
  private readonly chunks = new FixedChunks(CHUNK_BYTES);
  private readonly nonces = new Nonces();

  constructor(key: Buffer, keyVersion: number, context: CipherContext) {
    assertKeyVersion(keyVersion);
    super();
    const salt = randomBytes(SALT_BYTES);
    this.aad = associatedData(context);
    this.fileKey = deriveKey(key, 'file', salt);
    this.push(Buffer.concat([Buffer.of(keyVersion), salt]));
  }

  override _transform(data: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.chunks.push(data, (chunk) => this.sealChunk(chunk, false));
    done();
  }

  override _flush(done: TransformCallback): void {
    this.sealChunk(this.chunks.last(), true);
    done();
  }

  private sealChunk(chunk: Buffer, isLast: boolean): void {
    this.push(gcmSeal(this.fileKey, this.nonces.next(isLast), chunk, this.aad));
  }
}

class OpenStream extends Transform {
  private readonly what: string;
  private readonly aad: Buffer;
  private readonly chunks = new FixedChunks(CHUNK_BYTES + TAG_BYTES);
  private readonly nonces = new Nonces();
  private header = Buffer.alloc(0);
  private fileKey: Buffer | undefined;
  private isEmptySoFar = true;

  constructor(
    private readonly keyFor: KeyFor,
    context: CipherContext,
  ) {
    super();
    this.what = cipherContextLabel(context);
    this.aad = associatedData(context);
  }

  override _transform(data: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      const body = this.fileKey ? data : this.readHeader(data);
      this.chunks.push(body, (chunk) => this.openChunk(chunk, false));
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      this.openChunk(this.chunks.last(), true);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  /** Removes the header, which can span several writes, and returns the remaining bytes. */
  private readHeader(data: Buffer): Buffer {
    const seen = Buffer.concat([this.header, data]);
    this.header = seen.subarray(0, STREAM_HEADER_BYTES);
    if (seen.length >= STREAM_HEADER_BYTES) {
      const keyVersion = this.header[0]!;
      if (keyVersion === 0) throw new DecryptionFailed(this.what);
      this.fileKey = deriveKey(this.keyFor(keyVersion), 'file', this.header.subarray(1));
    }
    return seen.subarray(STREAM_HEADER_BYTES);
  }

  private openChunk(sealed: Buffer, isLast: boolean): void {
    if (!this.fileKey) throw new DecryptionFailed(this.what);
    const chunk = gcmOpen(this.fileKey, this.nonces.next(isLast), sealed, this.aad, this.what);
    if (chunk.length === 0 && !this.isEmptySoFar) throw new DecryptionFailed(this.what);
    this.isEmptySoFar = false;
    this.push(chunk);
  }
}

/**
 * Returns a stream that encrypts a file for one context. Memory: two chunks of 64 KiB in addition to the largest single
 * write.
 *
 * @throws TypeError or RangeError immediately for a malformed key, key version, or context
 */
export function sealStream(key: Buffer, keyVersion: number, context: CipherContext): Transform {
  return new SealStream(key, keyVersion, context);
}

/**
 * Returns a stream that decrypts a file of `sealStream` in the same context. Every output byte is authenticated, but
 * completeness is known only at the end: on an error, discard the earlier output.
 * The stream fails with DecryptionFailed or with the error of `keyFor`.
 */
export function openStream(keyFor: KeyFor, context: CipherContext): Transform {
  return new OpenStream(keyFor, context);
}

/** Returns the length in bytes that `sealStream` produces for a file of `bytes` bytes. */
export function sealedLength(bytes: number): number {
  return STREAM_HEADER_BYTES + bytes + TAG_BYTES * Math.max(1, Math.ceil(bytes / CHUNK_BYTES));
}
