import { createHmac } from 'node:crypto';
import type { Harness } from './app.js';
import { Authenticator } from './authenticator.js';
import type { Client } from './client.js';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const STEP_MS = 30_000;

/** An authenticator app that computes TOTP codes from a base32 secret (RFC 6238). */
export class CodeApp {
  private used = 0;

  constructor(readonly secret: string) {}

  /** Returns the code of the time step `steps` after the current one. */
  code(steps = 0): string {
    return codeAt(this.secret, Math.floor(Date.now() / STEP_MS) + steps);
  }

  /**
   * Returns an unused code of the current time step or of the next one. The code of the step before would be invalid if
   * the step ended during the request.
   */
  fresh(): string {
    const now = Math.floor(Date.now() / STEP_MS);
    this.used = Math.max(this.used + 1, now);
    if (this.used > now + 1) throw new Error('the valid codes are used: call `forgetStep`');
    return codeAt(this.secret, this.used);
  }

  /** Makes the codes usable again by resetting the last step in the database. */
  async forgetStep(harness: Harness): Promise<void> {
    this.used = 0;
    await harness.database.superuser('UPDATE app_private.totp_factors SET last_step = 0');
  }
}

function codeAt(secret: string, step: number): string {
  const bits = [...secret].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', key).update(message).digest();
  return String((mac.readUInt32BE(mac[19]! & 15) & 0x7fff_ffff) % 1_000_000).padStart(6, '0');
}

/** Enrolls an authenticator app for the signed-in user. The client then has the rotated session. */
export async function enrollTotp(client: Client): Promise<{ app: CodeApp; recoveryCodes: string[] }> {
  const { body: started, text } = await client.post('/v1/auth/totp/enroll');
  if (started.secret === undefined) throw new Error(`the TOTP enrollment did not start: ${text}`);
  const app = new CodeApp(started.secret as string);
  const { status, body, text: failure } = await client.post('/v1/auth/totp/confirm', { code: app.fresh() });
  if (status !== 200) throw new Error(`the TOTP enrollment was not confirmed: ${failure}`);
  return { app, recoveryCodes: body.recoveryCodes as string[] };
}

/** Enrolls a passkey for the signed-in user. */
export async function enrollPasskey(
  harness: Harness,
  client: Client,
  counter = 1,
): Promise<{ authenticator: Authenticator; id: string; recoveryCodes: string[] }> {
  const authenticator = new Authenticator(harness.env['PUBLIC_URL']!, counter);
  const { body: options } = await client.get('/v1/auth/passkeys/options');
  const { status, body, text } = await client.post('/v1/auth/passkeys', {
    name: 'Synthetic key',
    credential: authenticator.create(options),
  });
  if (status !== 201) throw new Error(`the passkey was not added: ${text}`);
  return { authenticator, id: body.id as string, recoveryCodes: body.recoveryCodes as string[] };
}
