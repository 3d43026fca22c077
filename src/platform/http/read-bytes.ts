import type { IncomingMessage } from 'node:http';
import { Problem } from '../problem/problem.js';

/** How many times the limit is read and thrown away, so that an honest client gets to read the refusal. */
const PATIENCE = 16;

/**
 * Reads a request's bytes up to `limit`. A longer body is refused when it has ended or has gone on for 16 times the
 * limit, and the connection closes. Calls back once.
 */
export function readBytes(
  request: IncomingMessage,
  limit: number,
  done: (problem: Problem | undefined, bytes: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = (problem?: Problem): void => {
    request.off('data', take).off('end', end).off('close', abort).off('error', abort);
    done(problem, problem === undefined ? Buffer.concat(chunks) : Buffer.alloc(0));
  };
  const tooLarge = (): Problem =>
    new Problem('payload_too_large', { detail: `the body may have ${limit} bytes`, headers: { Connection: 'close' } });
  const take = (chunk: Buffer): void => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else if (size > limit * PATIENCE) finish(tooLarge());
  };
  const end = (): void => finish(size > limit ? tooLarge() : undefined);
  const abort = (): void => finish(new Problem('invalid_request', { detail: 'the body ended early' }));
  if (Number(request.headers['content-length'] ?? 0) > limit * PATIENCE) return finish(tooLarge());
  request.on('data', take).once('end', end).once('close', abort).once('error', abort);
}
