/**
 * Exits with 0 when the API of this container is ready. The certificate names another host than the loopback, so it is
 * not verified here.
 */
import http from 'node:http';
import https from 'node:https';

const { PORT = '3000', TLS_KEY_FILE } = process.env;
const get = TLS_KEY_FILE ? https.get : http.get;
const request = get(
  { host: '127.0.0.1', port: PORT, path: '/health/ready', timeout: 4_000, rejectUnauthorized: false },
  (response) => {
    process.exit(response.statusCode === 200 ? 0 : 1);
  },
);
request.on('timeout', () => request.destroy(new Error('no answer')));
request.on('error', () => process.exit(1));
