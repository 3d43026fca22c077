import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_MS = 30_000;

function base32(text) {
  const bits = [...text].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
}

/** Returns the code (RFC 6238) of a base32 key at a time in milliseconds. */
export function totp(key, at) {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / STEP_MS)));
  const mac = createHmac('sha1', base32(key)).update(counter).digest();
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Returns codes that have not been used. No code is accepted twice; the code of the next step is accepted too. */
export class AuthenticatorApp {
  constructor(key) {
    this.key = key;
    this.used = 0;
  }

  async code() {
    const step = Math.floor(Date.now() / STEP_MS);
    this.used = Math.max(step, this.used + 1);
    if (this.used > step + 1) throw new Error('no unused code is valid now');
    return totp(this.key, this.used * STEP_MS);
  }
}
