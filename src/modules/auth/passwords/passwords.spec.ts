import { expect, it } from '@jest/globals';
import './passwords.feature.js';
import '../../../platform/problem/problem.feature.js';
import { Problem } from '../../../platform/problem/index.js';
import { MAX_IN_TURN, Passwords } from './passwords.js';

const salt = Buffer.alloc(16, 7);

it('takes a password in any Unicode form for the same, and no two different ones', async () => {
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

it('is busy beyond a bounded queue, evaluates all it took, and takes more once they are over', async () => {
  const passwords = new Passwords();
  let open!: () => void;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const taken = Array.from({ length: MAX_IN_TURN }, () => passwords.withSlot(() => gate));
  const refusal = await passwords.credential('Brisk-Otter-41').catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(Problem);
  expect(refusal).toMatchObject({ code: 'server_busy', status: 503, headers: { 'Retry-After': '2' } });
  open();
  await Promise.all(taken);
  expect((await passwords.credential('Brisk-Otter-41')).verifier).toHaveLength(32);
});

it('gives its place back when what it was taken for fails', async () => {
  const passwords = new Passwords();
  for (let i = 0; i <= MAX_IN_TURN; i += 1)
    await passwords.withSlot(() => Promise.reject(new Error('no'))).catch(() => undefined);
  expect((await passwords.credential('Brisk-Otter-41')).salt).toHaveLength(16);
});
