import { fileURLToPath } from 'node:url';
import path from 'node:path';

/** Root of the checkout. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** A path inside the checkout. */
export const inRoot = (...parts) => path.join(root, ...parts);

/** Folder of all state of a development installation: data, secrets, logs, downloads. */
export const stateHome = () => path.resolve(process.env.VOUCHSAFE_HOME || inRoot('.vouchsafe'));

/** Downloads that every installation of this checkout shares. */
export const cacheDir = () => path.join(stateHome(), 'cache');
