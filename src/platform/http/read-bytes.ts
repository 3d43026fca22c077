import type { IncomingMessage } from 'node:http';
import { Problem } from '../problem/problem.js';

/** Discards up to 16 times the limit, so that a well-behaved client can read the response. */
const DISCARD_FACTOR = 16;

/**
 * Reads the body up to `limit` bytes. Rejects a longer body at its end or after 16 times the limit, and closes the
 * connection. Calls `done` once.
 */
export function readBytes(
  request: IncomingMessage,
  limit: number,
  done: (problem: Problem | undefined, bytes: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = (problem?: Problem): void => {
    request.off('data', onData).off('end', onEnd).off('close', onAbort).off('error', onAbort);
    done(problem, problem === undefined ? Buffer.concat(chunks) : Buffer.alloc(0));
  };
  const tooLarge = (): Problem =>
    new Problem('payload_too_large', {
      detail: `the body must have at most ${limit} bytes`,
      headers: { Connection: 'close' },
    });
  const onData = (chunk: Buffer): void => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else if (size > limit * DISCARD_FACTOR) finish(tooLarge());
  };
  const onEnd = (): void => finish(size > limit ? tooLarge() : undefined);
  const onAbort = (): void => finish(new Problem('invalid_request', { detail: 'the body ended early' }));
  if (Number(request.headers['content-length'] ?? 0) > limit * DISCARD_FACTOR) return finish(tooLarge());
  request.on('data', onData).once('end', onEnd).once('close', onAbort).once('error', onAbort);
}
