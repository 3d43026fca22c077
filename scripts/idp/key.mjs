import fs from 'node:fs';
import path from 'node:path';
import { generate } from 'selfsigned';

const YEARS_10 = 3650 * 24 * 3600 * 1000;

/** Returns the signing key and its certificate in PEM; created at the first start and stored in `folder`. */
export async function signingKey(folder) {
  const file = path.join(folder, 'key.json');
  if (fs.existsSync(file)) return JSON.parse(fs.readFileSync(file, 'utf8'));
  const { private: privateKey, cert: certificate } = await generate(
    [{ name: 'commonName', value: 'Vouchsafe development identity provider' }],
    { keySize: 2048, algorithm: 'sha256', notAfterDate: new Date(Date.now() + YEARS_10) },
  );
  const draft = `${file}.${process.pid}.new`;
  fs.writeFileSync(draft, JSON.stringify({ privateKey, certificate }), { mode: 0o600 });
  fs.renameSync(draft, file);
  return { privateKey, certificate };
}
