/** Where the mails lead, under PUBLIC_URL: pages that post what stands behind `#token=`. */
export const RESET_PATH = '/account/reset';
export const VERIFY_PATH = '/account/verify';

/** The token stands behind `#`, which browsers keep to themselves: it reaches no server's log. */
export function tokenLink(origin: string, path: string, token: string): string {
  return `${origin}${path}#token=${token}`;
}
