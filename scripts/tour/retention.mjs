import { connected } from './database.mjs';
import { signInByPassword } from './sign-in.mjs';
import { expectEqual, expectThat, Unexpected, until } from './steps.mjs';

const POLICY = 'sessions.expired';

/** One step: something is made old, a policy is previewed and run, and its certificate read. */
export async function runRetention(story, demo, director) {
  await story.step(`A retention policy is previewed and run: ${POLICY}.`, async (see) => {
    if (demo.databaseUrl.superuser !== undefined) see(await ageOneSession(demo));
    const plan = await director.get(`/v1/retention/policies/${POLICY}/preview`);
    expectThat('the preview', demo.databaseUrl.superuser === undefined || plan.due > 0, 'at least one row due', plan);
    see(`preview: ${plan.due} due, older than ${plan.cutoff}, plan ${plan.planHash.slice(0, 12)}…`);

    const { runId } = await director.ask(202, 'POST', `/v1/retention/policies/${POLICY}/run`, {
      json: { planHash: plan.planHash },
    });
    const run = await until('the retention run', async () => {
      const { items } = await director.get(`/v1/retention/runs?policy=${POLICY}`);
      const mine = items.find(({ id }) => id === runId);
      if (mine?.status === 'failed') throw new Unexpected('the retention run', 'completed', mine);
      return mine?.status === 'completed' ? mine : undefined;
    });
    expectEqual('rows removed', run.removed, plan.due);
    expectEqual('due after the run', (await director.get(`/v1/retention/policies/${POLICY}/preview`)).due, 0);
    see(
      `run: ${run.removed} removed in ${run.batches} batches, exactly what the preview announced; nothing is ` +
        'due any more',
    );
  });
}

/**
 * A fresh installation has nothing old: a session is opened, ended, and dated back by the one who can, the superuser.
 */
async function ageOneSession(demo) {
  const trainee = await signInByPassword(demo, 'trainee');
  const { session } = await trainee.get('/v1/auth/me');
  await trainee.ask(204, 'POST', '/v1/auth/logout');
  await connected(demo.databaseUrl.superuser, (client) =>
    client.query("UPDATE sessions SET expires_at = now() - interval '3 days' WHERE id = $1", [session.id]),
  );
  return 'to have something past its time, a session that was signed out is dated back by three days, as superuser';
}
