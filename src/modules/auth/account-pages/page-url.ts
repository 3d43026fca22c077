import { returnPath } from '../sessions/index.js';

const HOME = '/account';

/** Where a page sends the browser after signing in: the path on this host that was asked for, else the account. */
export function pageAddress(returnTo: string | undefined): string {
  try {
    return returnTo === undefined ? HOME : returnPath(returnTo);
  } catch {
    return HOME;
  }
}
