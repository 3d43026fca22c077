import { filter as matcherOf } from 'scim2-parse-filter';
import { Problem } from '../../../platform/problem/index.js';
import { entriesOf } from './scim-attribute-values.js';
import type { EntryOperation } from './scim-safe-operation.js';
import { listOf, objectOf, type Json } from './scim-values.js';

/**
 * Applies an operation to the matching entries of a list (RFC 7644 section 3.5.2), in place. A part of an entry that
 * does not exist creates the entry, because directories expect it. Throws `scim_no_target` when no entry matches, and
 * `scim_invalid_value` when the list becomes too long.
 */
export function patchEntries(user: Json, { op, list, filter, part, value }: EntryOperation): void {
  const entries = listOf(user[list]); // missing when an earlier operation removed it
  const isMatch = matcherOf(filter);
  const matching = entries.filter((one): one is Json => typeof one === 'object' && one !== null && isMatch(one));
  if (op === 'remove' && part === undefined) {
    user[list] = entries.filter((one) => !matching.includes(one as Json));
    return;
  }
  if (op === 'remove') {
    for (const one of matching) delete one[part!];
    return;
  }
  if (matching.length === 0) {
    if (part === undefined || filter.op !== 'eq') throw new Problem('scim_no_target');
    matching.push({ [filter.attrPath]: filter.compValue });
    user[list] = entriesOf([...entries, ...matching], list);
  }
  for (const one of matching) Object.assign(one, part === undefined ? objectOf(value, 'An entry') : { [part]: value });
}
