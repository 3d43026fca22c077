import { createTransport, type Transporter } from 'nodemailer';
import type { Clock } from '../clock/clock.js';
import { MailFailed, Mailer } from './mailer.js';
import type { ComposedMail } from './compose.js';

/** The server, and how to reach it. */
export interface SmtpOptions {
  /** smtps:// speaks TLS from the start, smtp:// changes to it by STARTTLS (RFC 8314, RFC 3207). */
  url: string;
  from: string;
  /** What we call ourselves to the server. */
  hostname: string;
  /** Whether nothing is said in clear text: a server without STARTTLS is left. */
  requireTls: boolean;
}

/** Hands mail to an SMTP server. Certificates are verified; name a CA of your own by NODE_EXTRA_CA_CERTS. */
export class SmtpMailer extends Mailer {
  private readonly transport: Transporter;

  constructor({ url, from, hostname, requireTls }: SmtpOptions, clock: Clock) {
    super(from, clock);
    const { protocol, hostname: host, port, username, password } = new URL(url);
    const secure = protocol === 'smtps:';
    this.transport = createTransport({
      host: host.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? (secure ? 465 : 587) : Number(port),
      secure,
      requireTLS: requireTls,
      name: hostname,
      ...(username !== '' && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
      tls: { minVersion: 'TLSv1.2' },
      connectionTimeout: 10_000,
      greetingTimeout: 10_000,
      socketTimeout: 20_000,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  protected async deliver({ from, to, raw }: ComposedMail): Promise<void> {
    try {
      await this.transport.sendMail({ envelope: { from, to: [to] }, raw });
    } catch (error) {
      throw failure(error);
    }
  }
}

/** What the library throws quotes the addressee and the server's words: its codes are all that is kept. */
function failure(error: unknown): MailFailed {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const name = typeof code === 'string' && /^[A-Z]{1,20}$/.test(code) ? code : 'unknown';
  const permanent =
    (name === 'EENVELOPE' || name === 'EMESSAGE') && typeof responseCode === 'number' && responseCode >= 500;
  return new MailFailed(typeof responseCode === 'number' ? `${name} ${responseCode}` : name, permanent);
}
