import { SYSTEM_ORG_ID } from '../../platform/clock/id.js';

/** A position in the order of events. The subscription has every event up to it. */
export interface Position {
  /** The `xid8` of Postgres in decimal: 64 bits do not fit a JavaScript number. */
  transactionId: string;
  /** The id of the last known event of that transaction. */
  id: string;
}

/** Returns the position before all events of a transaction: the nil id sorts before all other ids. */
export function startOf(transactionId: string): Position {
  return { transactionId, id: SYSTEM_ORG_ID };
}

/** Returns whether an event of a transaction may come after a position. */
export function mayFollow(transactionId: string, position: Position): boolean {
  return BigInt(transactionId) >= BigInt(position.transactionId);
}
