import fs from 'node:fs';
import path from 'node:path';

/** One user for each role of the demo organizations; the group is `<preset>:<role>`. */
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

/** Returns the users of this identity provider. The file is read for each page, so that it can change at run time. */
export function users(folder) {
  const file = path.join(folder, 'users.json');
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : BUILT_IN;
}
