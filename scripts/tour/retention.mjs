import { connected } from './database.mjs';
import { signInByPassword } from './sign-in.mjs';
import { expectEqual, expectThat, Unexpected, until } from './steps.mjs';

const POLICY = 'sessions.expired';

/** One step: a session is dated back, a policy is previewed and run, and the run is checked. */
export async function runRetention(runner, demo, director) {
  await runner.step(`The director previews and runs a retention policy: ${POLICY}.`, async (see) => {
    if (demo.databaseUrl.superuser !== undefined) see(await ageOneSession(demo));
    const plan = await director.get(`/v1/retention/policies/${POLICY}/preview`);
    expectThat('the preview', demo.databaseUrl.superuser === undefined || plan.due > 0, 'at least one row due', plan);
    see(`preview: ${plan.due} due, older than ${plan.cutoff}, plan ${plan.planHash.slice(0, 12)}…`);

    const { runId } = await director.ask(202, 'POST', `/v1/retention/policies/${POLICY}/run`, {
      json: { planHash: plan.planHash },
    });
    const run = await until('the retention run', async () => {
      const { items } = await director.get(`/v1/retention/runs?policy=${POLICY}`);
      const current = items.find(({ id }) => id === runId);
      if (current?.status === 'failed') throw new Unexpected('the retention run', 'completed', current);
      return current?.status === 'completed' ? current : undefined;
    });
    expectEqual('rows removed', run.removed, plan.due);
    expectEqual('due after the run', (await director.get(`/v1/retention/policies/${POLICY}/preview`)).due, 0);
    see(`run: ${run.removed} removed in ${run.batches} batches, exactly the rows of the preview; no row is due now`);
  });
}

/** A new installation has no old rows, so the superuser dates an ended session back. */
async function ageOneSession(demo) {
  const trainee = await signInByPassword(demo, 'trainee');
  const { session } = await trainee.get('/v1/auth/me');
  await trainee.ask(200, 'POST', '/v1/auth/logout');
  await connected(demo.databaseUrl.superuser, (client) =>
    client.query("UPDATE sessions SET expires_at = now() - interval '3 days' WHERE id = $1", [session.id]),
  );
  return 'the superuser dates an ended session back by three days, so that a row is due';
}
