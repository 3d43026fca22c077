import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { newId } from '../../dist/src/platform/clock/id.js';
import { LocalKms, seal } from '../../dist/src/platform/crypto/index.js';

const BATCH = 1_000;

/** Returns one person as the service would store it: with a wrapped key and encrypted fields. */
async function person(kms, orgId, n) {
  const id = newId();
  const key = randomBytes(32);
  const sealed = (column, text) => seal(key, 1, text, { orgId, table: 'people', column, rowId: id });
  return {
    id,
    wrapped: await kms.wrap(key, `${orgId}|${id}|data`),
    externalId: `bench-${n}`,
    familyName: `Number ${n}`,
    email: sealed('email_enc', `person${n}@bench.example`),
    phone: sealed('phone_enc', '+1 202 555 0100'),
    address: sealed('address_enc', `${n} Example Street`),
    born: sealed('date_of_birth_enc', '1980-01-15'),
    ssn: sealed('ssn_enc', `00012${String(n % 10_000).padStart(4, '0')}`),
  };
}

async function insert(client, orgId, people) {
  const column = (name) => people.map((one) => one[name]);
  await client.query(
    `INSERT INTO people (org_id, id, external_id, kind, given_name, family_name, title, email_enc, phone_enc,
       address_enc, date_of_birth_enc, ssn_enc)
     SELECT $1, id, external, 'trainee', 'Synthetic', family, 'Year one', email, phone, address, born, ssn
       FROM unnest($2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[])
         AS p (id, external, family, email, phone, address, born, ssn)`,
    [orgId, ...['id', 'externalId', 'familyName', 'email', 'phone', 'address', 'born', 'ssn'].map(column)],
  );
  await client.query(
    `INSERT INTO data_keys (org_id, subject_id, purpose, key_version, wrapped)
     SELECT $1, id, 'data', 1, wrapped FROM unnest($2::uuid[], $3::bytea[]) AS k (id, wrapped)`,
    [orgId, column('id'), column('wrapped')],
  );
}

/** Adds people to an organization in bulk, as superuser. Returns their ids. */
export async function addPeople({ url, rootKey, orgId, count }) {
  const kms = new LocalKms(rootKey);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const ids = [];
    while (ids.length < count) {
      const people = await Promise.all(
        Array.from({ length: Math.min(BATCH, count - ids.length) }, (_, i) => person(kms, orgId, ids.length + i)),
      );
      await insert(client, orgId, people);
      ids.push(...people.map(({ id }) => id));
    }
    await client.query('VACUUM ANALYZE people, data_keys');
    return ids;
  } finally {
    await client.end();
  }
}
