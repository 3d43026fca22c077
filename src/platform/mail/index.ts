export { IsMailAddress, isMailAddress } from './address.js';
export { oneLine } from './compose.js';
export { MailModule } from './mail.module.js';
export { MailFailed, Mailer } from './mailer.js';
export type { MailMessage } from './message.js';
