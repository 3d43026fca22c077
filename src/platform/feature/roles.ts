/** The three vocabularies an organization may be set up with, each role with what it stands for. */
export const PRESETS = {
  gme: {
    program_director: 'Leads the program: every trainee of it',
    mentor: 'Faculty: the trainees assigned to them',
    trainee: 'Their own record',
  },
  workforce: {
    owner: 'Answers for the organization',
    admin: 'Runs it day to day',
    member: 'Works with the people assigned to them',
    viewer: 'Looks, changes nothing',
  },
  enrollment: {
    admin: 'Runs it day to day',
    staff: 'Works on enrollments',
    read_only: 'Downloads documents, nothing else',
    portal: 'A provider, on their own record',
  },
} as const;

export type Preset = keyof typeof PRESETS;
export type Role = { [P in Preset]: keyof (typeof PRESETS)[P] }[Preset];

/** The owner role of each preset. An organization always has a member with it, who alone can hand it on. */
export const OWNER_ROLES = { gme: 'program_director', workforce: 'owner', enrollment: 'admin' } as const satisfies {
  [P in Preset]: keyof (typeof PRESETS)[P];
};

/** The roles that manage an organization by default: the owner role of each preset, and `admin` in every preset. */
export const MANAGER_ROLES = ['program_director', 'owner', 'admin'] as const satisfies readonly Role[];

/** The roles of all presets. Organizations may make others, under other keys. */
export const PRESET_ROLES: ReadonlySet<string> = new Set(Object.values(PRESETS).flatMap((roles) => Object.keys(roles)));

/**
 * The role of an operator's support staff within an organization: nothing but what the organization grants for a time.
 */
export const SUPPORT_ROLE = 'support';

/** The roles of those who are the subject of records themselves: answers to them leave out what is for staff. */
const PORTAL_ROLES: ReadonlySet<string> = new Set<Role>(['trainee', 'portal']);

/** Whether a role is one of record subjects. */
export function isPortalRole(role: string): boolean {
  return PORTAL_ROLES.has(role);
}

/**
 * How far a permission reaches: the whole organization, the people assigned to the caller, or the caller's own record.
 */
export type Scope = 'org' | 'assigned' | 'own';
