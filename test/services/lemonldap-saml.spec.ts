import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { Harness } from '../harness/app.js';
import { Browser } from '../harness/browser.js';
import { LemonLdap } from '../harness/lemonldap.js';

const PUBLIC = 'http://127.0.0.1:3000';

let harness: Harness;
let provider: LemonLdap;
beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), LemonLdap.start()]);
});
afterAll(() => Promise.all([harness.stop(), provider.stop()]));

const browser = () => new Browser({ [PUBLIC]: harness.url }, LemonLdap.credentials('dwho'));

describe('LemonLDAP::NG', () => {
  it('signs a user in', async () => {
    const org = await harness.make.organization('gme');
    await provider.trust([]);
    process.stderr.write(await (await fetch(provider.entityId)).text());
    process.stderr.write((await provider.log()).slice(-3000));
    const { id } = await harness.operator.within(org, () =>
      harness.operator.app
        .get(SsoSetupService)
        .create({ name: 'Test', metadataUrl: provider.entityId, defaultRole: 'mentor' }),
    );
    const metadata = (await harness.client().get(`/v1/sso/saml/${id}/metadata`)).text;
    await provider.trust([{ metadata }]);
    const user = browser();
    const result = await user.visit(`${PUBLIC}/v1/sso/saml/${id}/login?returnTo=/v1/auth/me`);
    process.stderr.write(
      JSON.stringify([result.url, result.status, result.text.slice(0, 1500), user.history], null, 1),
    );
    process.stderr.write((await provider.log()).slice(-3000));
    expect(result.status).toBe(200);
  });
});
