import { say } from '../lib/log.mjs';
import { connected, refusedByDatabase } from './database.mjs';
import { expectThat } from './steps.mjs';

/** The events that the previous steps must have recorded. */
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
/** Rejections of a source are recorded at most once a minute, so a second tour may only find the event of the first. */
const REJECTION_WINDOW_MS = 120_000;

/** Two steps: the events are read back, and a superuser tries to change the audit log. */
export async function readTheLog(runner, demo, director, startedAt) {
  await runner.step('The director reads the events in the audit log.', async (see) => {
    const events = (await director.get(`/v1/audit?limit=200&from=${startedAt.toISOString()}`)).items.reverse();
    const rejectedSince = new Date(startedAt.getTime() - REJECTION_WINDOW_MS).toISOString();
    const rejected = (await director.get(`/v1/audit?type=webhook.rejected&limit=1&from=${rejectedSince}`)).items;
    const seen = new Set([...events, ...rejected].map(({ type }) => type));
    const missing = [...EXPECTED, 'webhook.rejected'].filter((type) => !seen.has(type));
    expectThat('the audit log', missing.length === 0, `an event of type ${missing.join(', ')}`, [...seen]);
    for (const event of [...rejected.filter(({ id }) => !events.some((one) => one.id === id)), ...events])
      say(`      ${line(event)}`);
    see(`${events.length} events since the start of the tour, each written in the transaction of its change`);
  });

  if (demo.databaseUrl.superuser === undefined) return;
  await runner.step('A superuser tries to change the audit log by SQL.', (see) =>
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
