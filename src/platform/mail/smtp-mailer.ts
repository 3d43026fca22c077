import { createTransport, type Transporter } from 'nodemailer';
import type { Clock } from '../clock/clock.js';
import { MailFailed, Mailer } from './mailer.js';
import type { ComposedMail } from './compose.js';

/** The connection to the mail server. */
export interface SmtpOptions {
  /** smtps:// uses TLS from the start; smtp:// upgrades with STARTTLS (RFC 8314, RFC 3207). */
  url: string;
  from: string;
  /** The host name for the SMTP greeting. */
  hostname: string;
  /** Requires TLS. The mailer does not send to a server without STARTTLS. */
  requireTls: boolean;
}

/** Sends mail to an SMTP server. Certificates are verified; set NODE_EXTRA_CA_CERTS for a private CA. */
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

/** Converts an error of the library to its codes, because its message quotes the recipient and the server. */
function failure(error: unknown): MailFailed {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const name = typeof code === 'string' && /^[A-Z]{1,20}$/.test(code) ? code : 'unknown';
  const permanent =
    (name === 'EENVELOPE' || name === 'EMESSAGE') && typeof responseCode === 'number' && responseCode >= 500;
  return new MailFailed(typeof responseCode === 'number' ? `${name} ${responseCode}` : name, permanent);
}
