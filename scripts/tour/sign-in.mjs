import { Client } from './client.mjs';
import { expectEqual, expectThat } from './steps.mjs';

const DIRECTOR = 'program.director@gme.example';

/** Signs the program director in through the development identity provider, with the redirects and the form. */
export async function signInBySaml(runner, demo) {
  const director = new Client(demo.baseUrl);
  await runner.step("A program director signs in through SAML at the institution's identity provider.", async (see) => {
    const { loginUrl } = demo.sso.find(({ orgId }) => orgId === demo.organizations[0].id);
    const loginRedirect = await director.send('GET', loginUrl);
    expectEqual(`GET ${loginUrl}`, loginRedirect.status, 302);
    const at = new URL(loginRedirect.headers.get('location'));
    at.searchParams.set('user', DIRECTOR);
    const { acsUrl, fields } = await director.ask(200, 'GET', at.href, { headers: { Accept: 'application/json' } });
    const acsResponse = await director.send('POST', acsUrl, { form: fields });
    expectEqual(`POST ${acsUrl}`, acsResponse.status, 303);
    const me = await director.get('/v1/auth/me');
    expectEqual(
      'the signed-in user',
      [me.user.email, me.role, me.organization.id],
      [DIRECTOR, 'program_director', demo.organizations[0].id],
    );
    see(
      `the assertion was accepted: ${me.user.email} is ${me.role} of ${me.organization.name}, with ` +
        `${me.permissions.length} permissions`,
    );

    await director.refused(403, 'sso_failed', 'POST', acsUrl, { form: fields });
    see('the same assertion a second time is rejected, because it answers one request only');
  });
  return director;
}

/** Signs in with the password of a demo account. */
export async function signInByPassword(demo, role, organization = 0) {
  const account = demo.signIns.find((one) => one.role === role && one.orgId === demo.organizations[organization].id);
  expectThat('a demo sign-in', account !== undefined, `one for ${role}`, demo.signIns);
  const client = new Client(demo.baseUrl);
  await client.ask(200, 'POST', '/v1/auth/login', { json: { email: account.email, password: account.password } });
  return client;
}
