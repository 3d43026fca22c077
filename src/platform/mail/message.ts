/** A mail in plain text to one address. */
export interface MailMessage {
  to: string;
  /** One line. */
  subject: string;
  text: string;
}
