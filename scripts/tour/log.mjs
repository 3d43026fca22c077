import { say } from '../lib/log.mjs';
import { connected, refusedByDatabase } from './database.mjs';
import { expectThat } from './steps.mjs';

/** What the steps before must have left in the log. */
const EXPECTED = [
  'auth.signed_in',
  'auth.sign_in_failed',
  'auth.signed_out',
  'webhook.conflict',
  'webhook.applied',
  'person.created',
  'person.viewed',
  'access.denied',
  'person.contact_unlocked',
  'export.requested',
  'export.completed',
  'export.link_issued',
  'export.downloaded',
  'retention.requested',
  'retention.completed',
];
/** Refusals of a source are written at most once a minute: a tour soon after another finds the entry of the first. */
const REFUSAL_WINDOW_MS = 120_000;

/** Two steps: the story is read back, and somebody with all rights tries to change it. */
export async function readTheLog(story, demo, director, startedAt) {
  await story.step('All of it is read back in the audit log.', async (see) => {
    const events = (await director.get(`/v1/audit?limit=200&from=${startedAt.toISOString()}`)).items.reverse();
    const refusedSince = new Date(startedAt.getTime() - REFUSAL_WINDOW_MS).toISOString();
    const refused = (await director.get(`/v1/audit?type=webhook.rejected&limit=1&from=${refusedSince}`)).items;
    const seen = new Set([...events, ...refused].map(({ type }) => type));
    const missing = [...EXPECTED, 'webhook.rejected'].filter((type) => !seen.has(type));
    expectThat('the log', missing.length === 0, `an entry for ${missing.join(', ')}`, [...seen]);
    for (const event of [...refused.filter(({ id }) => !events.some((one) => one.id === id)), ...events])
      say(`      ${line(event)}`);
    see(`${events.length} entries since the tour began, each written in the transaction of what it tells of`);
  });

  if (demo.databaseUrl.superuser === undefined) return;
  await story.step('A superuser tries to change the log by SQL.', (see) =>
    connected(demo.databaseUrl.superuser, async (client) => {
      for (const statement of [
        "UPDATE audit_events SET outcome = 'success'",
        'DELETE FROM audit_events',
        'TRUNCATE audit_events, audit_private',
      ]) {
        see(`${statement.split(' ')[0]}: "${await refusedByDatabase(client, statement)}"`);
      }
    }),
  );
}

function line({ occurredAt, type, outcome, actor, target }) {
  const who = actor.email ?? (actor.type === 'source' ? 'webhook source' : (actor.id ?? actor.type));
  return (
    `${occurredAt.slice(11, 19)}  ${type.padEnd(24)} ` +
    `${outcome === 'success' ? '' : `${outcome} · `}${who}` +
    (target === null ? '' : ` · ${target.type} …${target.id.slice(-6)}`)
  );
}
