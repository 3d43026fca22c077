import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SsoSetupService } from '../../src/modules/auth/sso/sso-setup.service.js';
import { Harness } from '../harness/app.js';
import { Browser } from '../harness/browser.js';
import { SimpleSamlPhp } from '../harness/simplesamlphp.js';

const PUBLIC = 'http://127.0.0.1:3000';

let harness: Harness;
let provider: SimpleSamlPhp;
beforeAll(async () => {
  [harness, provider] = await Promise.all([Harness.start(), SimpleSamlPhp.start()]);
});
afterAll(() => Promise.all([harness.stop(), provider.stop()]));

const browser = () => new Browser({ [PUBLIC]: harness.url }, SimpleSamlPhp.credentials('ada'));

describe('SimpleSAMLphp', () => {
  it('signs a user in', async () => {
    const org = await harness.make.organization('gme');
    const { id } = await harness.operator.within(org, () =>
      harness.operator.app
        .get(SsoSetupService)
        .create({ name: 'Test', metadataUrl: provider.entityId, defaultRole: 'mentor' }),
    );
    await provider.trust(`${harness.url}/v1/sso/saml/${id}/metadata`);
    const user = browser();
    const result = await user.visit(`${PUBLIC}/v1/sso/saml/${id}/login?returnTo=/v1/auth/me`);
    process.stderr.write(JSON.stringify([result.url, result.status, result.text.slice(0, 1500), user.history], null, 1));
    process.stderr.write((await provider.log()).slice(-3000));
    expect(result.status).toBe(200);
  });
});
