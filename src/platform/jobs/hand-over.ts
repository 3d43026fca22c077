import { MailFailed, type Mailer, type MailMessage } from '../mail/index.js';
import { PermanentFailure } from './on-job.js';

/** Hands a job's mail to the mail server. What it refuses for good ends the job, with mail_refused. */
export async function handOver(mailer: Mailer, message: MailMessage): Promise<void> {
  try {
    await mailer.send(message);
  } catch (error) {
    throw error instanceof MailFailed && error.permanent
      ? new PermanentFailure('mail_refused', { cause: error })
      : error;
  }
}
