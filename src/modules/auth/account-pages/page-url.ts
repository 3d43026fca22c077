import { returnPath } from '../sessions/index.js';

const HOME = '/account';

/** Returns the path that a page opens after sign-in: the requested path on this host, otherwise the account page. */
export function pageUrl(returnTo: string | undefined): string {
  try {
    return returnTo === undefined ? HOME : returnPath(returnTo);
  } catch {
    return HOME;
  }
}
