import type { IncomingMessage } from 'node:http';
import { Problem } from '../problem/problem.js';

/** The bytes of a too long body that are discarded, so that a well-behaved client can read the response. */
const DISCARDED_BYTES = 4 * 1024 * 1024;

/**
 * Reads the body up to `limit` bytes. Rejects a longer body at its end or after 4 MiB more, and closes the connection.
 * Throws payload_too_large, or invalid_request when the body ends early.
 */
export function readBytes(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = (): Problem =>
    new Problem('payload_too_large', {
      detail: `the body must have at most ${limit} bytes`,
      headers: { Connection: 'close' },
    });
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (settle: () => void): void => {
      request.off('data', onData).off('end', onEnd).off('close', onAbort).off('error', onAbort);
      settle();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else if (size > limit + DISCARDED_BYTES) finish(() => reject(tooLarge()));
    };
    const onEnd = (): void => finish(() => (size > limit ? reject(tooLarge()) : resolve(Buffer.concat(chunks))));
    const onAbort = (): void =>
      finish(() => reject(new Problem('invalid_request', { detail: 'the body ended early' })));
    if (Number(request.headers['content-length'] ?? 0) > limit + DISCARDED_BYTES) return reject(tooLarge());
    if (request.destroyed) return onAbort(); // the client left during the rate-limit check
    request.on('data', onData).once('end', onEnd).once('close', onAbort).once('error', onAbort);
  });
}
