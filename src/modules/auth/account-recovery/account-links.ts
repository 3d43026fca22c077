/** The paths of the links in mails, under PUBLIC_URL. The pages post the token from the URL fragment `#token=`. */
export const RESET_PATH = '/account/reset';
export const VERIFY_PATH = '/account/verify';

/** Returns a link with the token in the URL fragment. Browsers do not send it, so no server logs the token. */
export function tokenLink(origin: string, path: string, token: string): string {
  return `${origin}${path}#token=${token}`;
}
