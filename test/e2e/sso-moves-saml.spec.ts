import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SsoSetupService } from '../../src/modules/auth/sso/index.js';
import { Harness } from '../harness/app.js';
import { IdentityProvider, signInBySaml } from '../harness/identity-provider.js';

let harness: Harness;
let provider: IdentityProvider;
beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), IdentityProvider.start()]);
});
afterAll(() => Promise.all([harness.stop(), provider.stop()]));

it('a move by the subject claims a member of the same SAML provider behind another connection', async () => {
  const org = await harness.make.organization('gme');
  const director = await harness.signIn((await harness.make.member(org, 'program_director')).email);
  const connect = async (): Promise<string> => {
    const metadata = await provider.metadata();
    const groupRoles = [{ group: 'gme:mentor', role: 'mentor' }];
    const setup = harness.operator.app.get(SsoSetupService);
    return (await harness.operator.within(org, () => setup.create({ name: 'One', metadata, groupRoles }))).id;
  };
  const [old, next] = [await connect(), await connect()];
  const membershipThrough = async (connection: string) => {
    const client = harness.client();
    const { status } = await signInBySaml(provider, client, connection, 'mentor@gme.example');
    return [status, (await client.get('/v1/auth/me')).body.membershipId];
  };
  const before = await membershipThrough(old);
  expect(before[0]).toBe(303);
  expect((await membershipThrough(next))[0]).not.toBe(303);
  const moved = await director.post(`/v1/sso/connections/${next}/identity-move`, {
    fromConnectionId: old,
    matchBy: 'subject',
    days: 30,
  });
  expect([moved.status, moved.body.waiting ?? moved.body.members]).toEqual([201, 1]);
  expect(await membershipThrough(next)).toEqual(before);
});
