import type { LevelResponse } from './explain.dto.js';
import type { LevelRow } from './explain.repository.js';

/** Why a permission has the scope it has. */
export interface Chain {
  decidedBy: LevelResponse[];
  overrides: LevelResponse[];
}

export type Chains = ReadonlyMap<string, Chain>;

/** Chains by permission, of one member's levels. */
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
