import { fileURLToPath } from 'node:url';
import path from 'node:path';

/** The root of the checkout. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Returns a path inside the checkout. */
export const inRoot = (...parts) => path.join(root, ...parts);

/** Returns the state folder of a development installation: data, secrets, logs, downloads. */
export const stateHome = () => path.resolve(process.env.VOUCHSAFE_HOME || inRoot('.vouchsafe'));

/** Returns the folder of downloads that all installations of this checkout share. */
export const cacheDir = () => path.join(stateHome(), 'cache');
