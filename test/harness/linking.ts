import type { Harness } from './app.js';
import type { Answer } from './client.js';
import { mailsTo } from './mail.js';
import type { OidcAnswer } from './oidc-idp.js';

let subjects = 0;

/** Returns a subject that no provider has used. */
export const newSubject = (): string => `subject-${(subjects += 1)}`;

/** Returns an answer about a user in the group `mentors` with a verified e-mail address. */
export function claimsOf({ email }: { email: string }, sub = newSubject()): OidcAnswer {
  return { claims: { sub, email, email_verified: true, name: 'Provider Name', groups: ['mentors'] } };
}

/** Returns the status of a response and the code of its problem. */
export function codeOf({ status, body }: Answer): [status: number, code: string | undefined] {
  return [status, (body as { code?: string }).code];
}

/** Returns the OpenID Connect subjects that are linked to a membership, oldest first. */
export async function linkedSubjects(harness: Harness, membershipId: string): Promise<(string | undefined)[]> {
  const rows = await harness.database.superuser<{ subject: string }>(
    'SELECT subject_key AS subject FROM sso_identities WHERE membership_id = $1 ORDER BY created_at, id',
    [membershipId],
  );
  return rows.map(({ subject }) => (JSON.parse(subject) as string[])[2]);
}

/** Returns the events of a type in the audit log of an organization, oldest first. */
export function eventsOf(harness: Harness, orgId: string, type: string) {
  return harness.database.superuser<{ meta: Record<string, unknown>; target: string }>(
    'SELECT meta, target_id AS target FROM audit_events WHERE org_id = $1 AND type = $2 ORDER BY occurred_at, id',
    [orgId, type],
  );
}

/** Returns the first lines of the mails to an address, without the name of the organization. */
export async function headlinesTo(harness: Harness, email: string): Promise<string[]> {
  return (await mailsTo(harness, email)).map(({ text }) =>
    text
      .split('\n')[0]!
      .trim()
      .replace(/^[^:]*: /, ''),
  );
}
