import fs from 'node:fs';
import path from 'node:path';

/** One person for each role of the demo organizations; the group is `<preset>:<role>`. */
const ROLES = {
  gme: ['program_director', 'mentor', 'trainee'],
  workforce: ['owner', 'admin', 'member', 'viewer'],
  enrollment: ['admin', 'staff', 'read_only', 'portal'],
};

const words = (role) => role.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase());

const BUILT_IN = Object.entries(ROLES).flatMap(([preset, roles]) =>
  roles.map((role) => ({
    email: `${role.replaceAll('_', '.')}@${preset}.example`,
    name: `${words(role)} Example`,
    groups: [`${preset}:${role}`],
  })),
);

/** The people of this identity provider, read anew for each page, so that the file may change under it. */
export function users(folder) {
  const file = path.join(folder, 'users.json');
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : BUILT_IN;
}
