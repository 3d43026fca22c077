import { SYSTEM_ORG_ID } from '../../platform/clock/id.js';

/** A place in the order of events: everything up to it is known. */
export interface Position {
  /** `xid8` of Postgres, in decimal: 64 bits, and more than a number holds. */
  transactionId: string;
  /** Id of the last event known of that transaction. */
  id: string;
}

/** The place before everything of a transaction: the nil id comes before all others. */
export function startOf(transactionId: string): Position {
  return { transactionId, id: SYSTEM_ORG_ID };
}

/** Whether something of a transaction may come after a place. */
export function mayFollow(transactionId: string, position: Position): boolean {
  return BigInt(transactionId) >= BigInt(position.transactionId);
}
