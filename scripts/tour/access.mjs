import { connected, refusedByDatabase } from './database.mjs';
import { signInByPassword } from './sign-in.mjs';
import { expectEqual, expectThat } from './steps.mjs';

/** Three steps: access over HTTP, access by raw SQL, and the audited unlock of contact details. */
export async function readUnderRowSecurity(runner, demo, director, person) {
  await runner.step('Members with and without access read the new record.', async (see) => {
    const visible = await director.all('/v1/people');
    const record = await director.get(`/v1/people/${person.id}`);
    expectEqual('masked identifiers', [record.ssn, record.dateOfBirth], ['***-**-3456', '**/**/1990']);
    see(
      `the program director sees all ${visible.length} people, and the new one with SSN ${record.ssn} and date of ` +
        `birth ${record.dateOfBirth}`,
    );

    const mentor = await signInByPassword(demo, 'mentor');
    const assigned = await mentor.all('/v1/people');
    expectThat(
      'what a mentor sees',
      assigned.length > 0 && assigned.length < visible.length && assigned.every(({ id }) => id !== person.id),
      'only the people assigned',
      assigned.map(({ externalId }) => externalId),
    );
    await mentor.refused(404, 'not_found', 'GET', `/v1/people/${person.id}`);
    see(`a mentor sees the ${assigned.length} assigned people; for the new person the mentor gets 404`);

    const outsider = await signInByPassword(demo, 'admin', 1);
    await outsider.refused(404, 'not_found', 'GET', `/v1/people/${person.id}`);
    see(`an administrator of ${demo.organizations[1].name} gets the same 404, which does not reveal the record`);
    for (const client of [mentor, outsider]) await client.ask(200, 'POST', '/v1/auth/logout');
  });

  await runner.step("Raw SQL runs with the API's own database role.", (see) =>
    connected(demo.databaseUrl.app, (client) => rawSql(see, client, demo, person)),
  );

  await runner.step('The director unlocks the contact details.', async (see) => {
    const contact = await director.get(`/v1/people/${person.id}/contact`);
    expectEqual('the e-mail address', contact.email, person.email);
    see(`${contact.email}, ${contact.phone}: decrypted with this person's own key, and recorded in the audit log`);
  });
}

async function rawSql(see, client, demo, person) {
  const {
    rows: [{ count }],
  } = await client.query('SELECT count(*)::int AS count FROM people');
  expectEqual('rows without a tenant context', count, 0);
  see('without a tenant context the table of people is empty: 0 rows');

  const { id: org } = demo.organizations[0];
  const forged = `member|${org}|${org}|${org}|org|org||${org}|${'0'.repeat(64)}`;
  const setting = `SET LOCAL vouchsafe.context = '${forged}'`;
  see(`a forged context: "${await refusedByDatabase(client, setting, 'SELECT count(*) FROM people')}"`);
  const entering = `SELECT app.enter_organization('${org}')`;
  see(`entering an organization by its id: "${await refusedByDatabase(client, entering)}"`);

  const { rowCount } = await client.query('UPDATE people SET status = $1 WHERE id = $2', ['inactive', person.id]);
  expectEqual('rows changed without a context', rowCount, 0);
  see('an UPDATE by primary key changes 0 rows');
}
