import { expect, it } from '@jest/globals';
import './passwords.feature.js';
import '../../../platform/problem/problem.feature.js';
import { Problem } from '../../../platform/problem/index.js';
import { MAX_IN_TURN, Passwords } from './passwords.js';

const salt = Buffer.alloc(16, 7);

it('hashes all Unicode forms of a password alike, and different passwords differently', async () => {
  const passwords = new Passwords();
  const hex = async (password: string) => (await passwords.hash(password, salt)).toString('hex');
  const composed = await hex('Éclair-über-41ﬁ');
  expect([
    await hex('Éclair-über-41fi'),
    await hex('Éclair-über-41ﬁ'.normalize('NFD')),
    await hex('Éclair-über-41ﬁ'.normalize('NFKC')),
  ]).toEqual(Array(3).fill(composed));
  expect(await hex('Eclair-uber-41fi')).not.toBe(composed);
});

it('throws server_busy when the queue is full, finishes the queued work, and then accepts more', async () => {
  const passwords = new Passwords();
  let open!: () => void;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const queued = Array.from({ length: MAX_IN_TURN }, () => passwords.withSlot(() => gate));
  const rejection = await passwords.credential('Brisk-Otter-41').catch((error: unknown) => error);
  expect(rejection).toBeInstanceOf(Problem);
  expect(rejection).toMatchObject({ code: 'server_busy', status: 503, headers: { 'Retry-After': '2' } });
  open();
  await Promise.all(queued);
  expect((await passwords.credential('Brisk-Otter-41')).verifier).toHaveLength(32);
});

it('releases its slot when the work in it fails', async () => {
  const passwords = new Passwords();
  for (let i = 0; i <= MAX_IN_TURN; i += 1)
    await passwords.withSlot(() => Promise.reject(new Error('no'))).catch(() => undefined);
  expect((await passwords.credential('Brisk-Otter-41')).salt).toHaveLength(16);
});
