import type { Actor } from '../../domain/roles';
import { sha256 } from '../../lib/ids';
import { CRASH_DOUBT_MS, CURSOR_MAX_AGE_DAYS } from './limits';

/** Where the database stands, read in one snapshot. Transaction ids are text: they outgrow 2^53. */
export interface DatabasePosition {
  /** System identifier, timeline and oid: differs between clusters, restored copies and template clones. */
  identity: string;
  /** Every transaction below it is over; whatever commits later has this id or a higher one. */
  xmin: string;
  xmax: string;
  /** The database's clock, ms since 1970. */
  nowMs: number;
  /** When the server last came back from a crash (or its statistics were reset), ms since 1970. */
  crashedMs: number;
}

/** What a cursor says once it is taken apart. */
export interface Cursor {
  binding: string;
  xmin: string;
  issuedMs: number;
}

const FORMAT = /^1\.([0-9a-f]{32})\.(\d{1,20})\.(\d{1,15})$/;
const MAX_XID = 2n ** 64n - 1n;
const DAY_MS = 86_400_000;

/**
 * What one person may see in one database. The role is in it, since it decides what is visible: whoever gets
 * another one reloads. Not a secret: a forged cursor only chooses how much of their own view a client gets.
 */
const bindingOf = (actor: Actor, identity: string): string =>
  sha256([identity, actor.businessId, actor.userId, actor.role].join('|')).slice(0, 32);

export const encodeCursor = (actor: Actor, position: DatabasePosition): string =>
  Buffer.from(
    `1.${bindingOf(actor, position.identity)}.${position.xmin}.${Math.floor(position.nowMs)}`,
  ).toString('base64url');

/** @returns undefined where we never made such a text */
export function decodeCursor(text: string): Cursor | undefined {
  const match = FORMAT.exec(Buffer.from(text, 'base64url').toString('latin1'));
  if (!match) return undefined;
  const [, binding = '', xmin = '', issued = ''] = match;
  return BigInt(xmin) <= MAX_XID ? { binding, xmin, issuedMs: Number(issued) } : undefined;
}

/**
 * May this cursor be continued? Not where it is another person's, business's, role's or database's, is from the
 * future, is older than the tombstones, or was made in the last moments before a crash.
 */
export function isUsable(cursor: Cursor, actor: Actor, position: DatabasePosition): boolean {
  const age = position.nowMs - cursor.issuedMs;
  const beforeCrash = position.crashedMs - cursor.issuedMs;
  return (
    cursor.binding === bindingOf(actor, position.identity) &&
    BigInt(cursor.xmin) <= BigInt(position.xmax) &&
    age < CURSOR_MAX_AGE_DAYS * DAY_MS &&
    !(beforeCrash > 0 && beforeCrash < CRASH_DOUBT_MS)
  );
}
