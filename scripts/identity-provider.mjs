/**
 * A SAML identity provider for development: a click signs in as one of its synthetic users. It listens on the loopback
 * address only and sends responses to loopback addresses only, so that it is useless for other machines.
 *
 * IDP_PORT (0: any free port), VOUCHSAFE_HOME, PUBLIC_URL (of the application). Writes <home>/idp/metadata.xml. Users
 * come from <home>/idp/users.json ([{ email, name, groups }]) if the file exists.
 */
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { signingKey } from './idp/key.mjs';
import { metadata } from './idp/metadata.mjs';
import { respond } from './idp/routes.mjs';

const folder = path.resolve(process.env.VOUCHSAFE_HOME || '.vouchsafe', 'idp');
fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
const key = await signingKey(folder);

/** The hostname of the application, so that browsers treat both as one site and send the application's cookies. */
const hostname = URL.parse(process.env.PUBLIC_URL ?? '')?.hostname === 'localhost' ? 'localhost' : '127.0.0.1';

const provider = { folder, key, entityId: 'urn:vouchsafe:development-identity-provider', url: '' };
const server = http.createServer((request, response) => {
  respond(provider, request, response).catch((error) => {
    if (!(error.status >= 400)) process.stderr.write(`${error.stack ?? error}\n`);
    response.writeHead(error.status ?? 500, { 'Content-Type': 'text/plain; charset=utf-8' });
    response.end(error.status ? `${error.message}\n` : 'The identity provider failed.\n');
  });
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}

server.on('error', (error) => {
  process.stderr.write(`The identity provider cannot listen: ${error.message}\n`);
  process.exit(1);
});
server.listen(Number(process.env.IDP_PORT || 0), '127.0.0.1', () => {
  provider.url = `http://${hostname}:${server.address().port}`;
  fs.writeFileSync(path.join(folder, 'metadata.xml'), metadata(provider));
  process.stdout.write(`identity provider ready at ${provider.url}\n`);
});
