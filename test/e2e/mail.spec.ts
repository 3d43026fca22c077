import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { generate } from 'selfsigned';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { Clock } from '../../src/platform/clock/clock.js';
import { FileMailer } from '../../src/platform/mail/file-mailer.js';
import { MailFailed } from '../../src/platform/mail/mailer.js';
import { SmtpMailer } from '../../src/platform/mail/smtp-mailer.js';
import { readMail } from '../harness/mail.js';

interface Received {
  from: string;
  to: string[];
  secure: boolean;
  hello: string;
  raw: string;
}

const FROM = 'records@vouchsafe.test';
const MESSAGE = {
  to: 'addressee@clinic.example',
  subject: 'Grüße',
  text: `Hello\n.\nQUIT\n${'long '.repeat(300)}\nJürgen`,
};
const servers: SMTPServer[] = [];
const trusted = tls.getCACertificates('default');
let received: Received[] = [];
let key: string;
let cert: string;

beforeAll(async () => {
  ({ private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keySize: 2048,
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  }));
});
afterEach(async () => {
  received = [];
  tls.setDefaultCACertificates(trusted);
  await Promise.all(servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(resolve))));
});
afterAll(() => tls.setDefaultCACertificates(trusted));

/** Starts a mail server on loopback that stores received mails. */
async function listen(options: SMTPServerOptions = {}): Promise<number> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    key,
    cert,
    closeTimeout: 10,
    ...options,
    onData(stream, { envelope, secure, hostNameAppearsAs }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        received.push({
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          secure,
          hello: hostNameAppearsAs,
          raw: Buffer.concat(chunks).toString('latin1'),
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server.server, 'listening');
  servers.push(server);
  return (server.server.address() as AddressInfo).port;
}

const mailer = (url: string, requireTls = true) =>
  new SmtpMailer({ url, from: FROM, hostname: 'records.example.org', requireTls }, new Clock());
const trustServer = () => tls.setDefaultCACertificates([...trusted, cert]);

/** Returns the error of a failed delivery. Throws when the delivery succeeded. */
async function deliveryError(sending: Promise<void>): Promise<MailFailed> {
  const error = await sending.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof MailFailed)) throw new Error('the mail was accepted', { cause: error });
  return error;
}

describe('mail by SMTP', () => {
  it.each(['smtps', 'smtp'])('is sent over TLS (%s), complete, and only to its recipient', async (scheme) => {
    trustServer();
    const port = await listen({ secure: scheme === 'smtps', disabledCommands: [] });
    await mailer(`${scheme}://localhost:${port}`).send(MESSAGE);
    const [{ raw, ...envelope }, ...more] = received as [Received, ...Received[]];
    expect([envelope, more]).toEqual([
      { from: FROM, to: [MESSAGE.to], secure: true, hello: 'records.example.org' },
      [],
    ]);
    expect(readMail(raw).text.trim()).toBe(MESSAGE.text.replaceAll('\n', '\r\n'));
  });

  it('uses the decoded credentials of the URL', async () => {
    trustServer();
    const credentials: unknown[] = [];
    const port = await listen({
      secure: true,
      authOptional: false,
      onAuth: ({ username, password }, _session, done) => {
        credentials.push([username, password]);
        done(null, { user: username });
      },
    });
    await mailer(`smtps://records%40example.org:p%2Fw%3A1@localhost:${port}`).send(MESSAGE);
    expect([credentials, received.length]).toEqual([[['records@example.org', 'p/w:1']], 1]);
  });

  it('is not sent to a server without TLS outside development', async () => {
    const senders: string[] = [];
    const port = await listen({
      onMailFrom: ({ address }, _session, done) => {
        senders.push(address);
        done();
      },
    });
    expect((await deliveryError(mailer(`smtp://localhost:${port}`).send(MESSAGE))).code).toMatch(/^E/);
    expect([senders, received]).toEqual([[], []]);
    await mailer(`smtp://localhost:${port}`, false).send(MESSAGE);
    expect(received).toHaveLength(1);
  });

  it.each(['smtps', 'smtp'])('is not sent to a server with an untrusted certificate (%s)', async (scheme) => {
    const port = await listen({ secure: scheme === 'smtps', disabledCommands: [] });
    await deliveryError(mailer(`${scheme}://localhost:${port}`).send(MESSAGE));
    expect(received).toEqual([]);
  });

  it('is not sent to a server whose certificate has another name', async () => {
    trustServer();
    const port = await listen({ secure: true });
    await deliveryError(mailer(`smtps://127.0.0.1:${port}`).send(MESSAGE));
    expect(received).toEqual([]);
  });

  it('distinguishes permanent from temporary rejections without quoting the recipient', async () => {
    const responseCodes = [550, 450];
    const port = await listen({
      onRcptTo: ({ address }, _session, done) =>
        done(Object.assign(new Error(`no ${address}`), { responseCode: responseCodes.shift() })),
    });
    const [permanent, temporary] = [
      await deliveryError(mailer(`smtp://localhost:${port}`, false).send(MESSAGE)),
      await deliveryError(mailer(`smtp://localhost:${port}`, false).send(MESSAGE)),
    ];
    expect([permanent.permanent, temporary.permanent]).toEqual([true, false]);
    for (const error of [permanent, temporary])
      expect(`${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`).not.toContain('addressee');
  });

  it('fails with a code when the server is unreachable', async () => {
    const error = await deliveryError(mailer('smtp://localhost:1', false).send(MESSAGE));
    expect([error.permanent, error.message]).toEqual([false, 'the mail was not accepted: ESOCKET']);
  });
});

describe('mail without SMTP', () => {
  it('is a complete message in a file that only its owner can read', async () => {
    const folder = path.join(await mkdtemp(path.join(tmpdir(), 'vouchsafe-mail-')), 'mail');
    await new FileMailer(folder, FROM, new Clock()).send(MESSAGE);
    const [name, ...more] = await readdir(folder);
    expect([name, more]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}\.eml$/), []]);
    expect([(await stat(folder)).mode & 0o777, (await stat(path.join(folder, name!))).mode & 0o777]).toEqual([
      0o700, 0o600,
    ]);
    const mail = readMail(await readFile(path.join(folder, name!), 'latin1'));
    expect([mail.to, mail.text.trim()]).toEqual([MESSAGE.to, MESSAGE.text.replaceAll('\n', '\r\n')]);
    await rm(path.dirname(folder), { recursive: true });
  });
});
