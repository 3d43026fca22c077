/** A plain-text mail to one recipient. */
export interface MailMessage {
  to: string;
  /** A single line. */
  subject: string;
  text: string;
}
