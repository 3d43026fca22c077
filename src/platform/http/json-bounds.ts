import { Problem } from '../problem/problem.js';

const MAX_DEPTH = 32;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Checks the size of JSON before it is parsed, in one pass over the bytes: the values, and 32 levels of depth. Each
 * value costs the server much more than its bytes: 180 kB can hold 60,000 empty objects. Counts each comma and each
 * opening bracket, so that the count is never less than the number of values. Throws payload_too_large or
 * invalid_request.
 */
export function assertBounded(bytes: Uint8Array, maxValues: number): void {
  let [values, depth, quoted] = [1, 0, false];
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === QUOTE) quoted = !quoted;
    else if (quoted) i += byte === BACKSLASH ? 1 : 0;
    else if (byte === COMMA) values += 1;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      values += 1;
      depth += 1;
      if (depth > MAX_DEPTH)
        throw new Problem('invalid_request', { detail: `the body is nested more than ${MAX_DEPTH} levels deep` });
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
  }
  if (values > maxValues)
    throw new Problem('payload_too_large', { detail: `the body must have at most ${maxValues} values` });
}
