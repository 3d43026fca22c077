import type { LevelResponse } from './explain.dto.js';
import type { LevelRow } from './explain.repository.js';

/** The rules that set the scope of a permission, and the rules that they override. */
export interface Chain {
  decidedBy: LevelResponse[];
  overrides: LevelResponse[];
}

export type Chains = ReadonlyMap<string, Chain>;

/** Returns the chains of one member by permission. */
export function chainsOf(levels: readonly LevelRow[], role: string): Chains {
  return new Map(
    [...Map.groupBy(levels, ({ permission }) => permission)].map(([permission, rows]) => [
      permission,
      {
        decidedBy: rows.filter(({ decides }) => decides).map((row) => shown(row, role)),
        overrides: rows.filter(({ decides }) => !decides).map((row) => shown(row, role)),
      },
    ]),
  );
}

function shown({ level, scope, since, accessGrantId, expiresAt }: LevelRow, role: string): LevelResponse {
  return { level, role: level === 'role' || level === 'default' ? role : null, scope, since, accessGrantId, expiresAt };
}
