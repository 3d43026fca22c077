/** The three presets of an organization with the description of each role. */
export const PRESETS = {
  gme: {
    program_director: 'Manages the program and all its trainees',
    mentor: 'Works with assigned trainees',
    trainee: 'Sees the own record',
  },
  workforce: {
    owner: 'Owns the organization',
    admin: 'Manages the organization',
    member: 'Works with assigned people',
    viewer: 'Reads without changing anything',
  },
  enrollment: {
    admin: 'Manages the organization',
    staff: 'Works on enrollments',
    read_only: 'Downloads documents only',
    portal: 'A provider with access to the own record',
  },
} as const;

export type Preset = keyof typeof PRESETS;
export type Role = { [P in Preset]: keyof (typeof PRESETS)[P] }[Preset];

/** The owner role of each preset. An organization always has an owner, and only an owner can transfer the role. */
export const OWNER_ROLES = { gme: 'program_director', workforce: 'owner', enrollment: 'admin' } as const satisfies {
  [P in Preset]: keyof (typeof PRESETS)[P];
};

/** The roles that manage an organization by default: the owner role of each preset, and `admin` in every preset. */
export const MANAGER_ROLES = ['program_director', 'owner', 'admin'] as const satisfies readonly Role[];

/** The roles of all presets. Organizations can create more under other keys. */
export const PRESET_ROLES: ReadonlySet<string> = new Set(Object.values(PRESETS).flatMap((roles) => Object.keys(roles)));

/**
 * The role of support staff of the operator in an organization. It has only the access that the organization grants for
 * a limited time.
 */
export const SUPPORT_ROLE = 'support';

/** The roles of record subjects. Responses to them omit staff-only fields. */
const PORTAL_ROLES: ReadonlySet<string> = new Set<Role>(['trainee', 'portal']);

/** Returns true for a portal role. */
export function isPortalRole(role: string): boolean {
  return PORTAL_ROLES.has(role);
}

/**
 * The scope of a permission: the whole organization, people assigned to the caller, or the own record of the caller.
 */
export type Scope = 'org' | 'assigned' | 'own';
