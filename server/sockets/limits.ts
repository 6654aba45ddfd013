/** Every number of the socket server, in one place (product.md, Realtime and promises 5 to 7). */

/** Largest message a client may send, bytes. Its events are ids and a cursor; a token is below 1 KB. */
export const MAX_MESSAGE_BYTES = 65_536;
/** A connection that has not logged in by then, ms, is closed. */
export const CONNECT_TIMEOUT_MS = 10_000;
/** Logins that one connection may try before it is closed: a client tries once. */
export const MAX_LOGIN_ATTEMPTS = 5;
/** A client whose network went away without a word is noticed after both of these, ms. */
export const PING_INTERVAL_MS = 15_000;
export const PING_TIMEOUT_MS = 10_000;

/** Conversations that one socket may have open: a client shows one, or a few side by side. */
export const MAX_OPEN_CONVERSATIONS = 20;

/** Events a second that one socket may send, and how many at once after a pause. */
export const EVENTS_PER_SECOND = 20;
export const EVENTS_BURST = 40;
/** A client that goes on this many events over its limit is closed: it does not listen. */
export const EVENTS_OVER_LIMIT = 200;

/** How long before its token runs out a client is told, ms. */
export const EXPIRY_NOTICE_MS = 60_000;
/** How often tokens are looked at, ms: an expired one lives on for at most this. */
export const EXPIRY_CHECK_MS = 1_000;
/** How often the sessions behind the open sockets are looked up, ms. Promise 7: within 5 s, look-up included. */
export const REVOCATION_CHECK_MS = 4_000;
/**
 * How soon the session of a socket just let in is looked up, ms: what the authenticator remembers may be 4 s old,
 * and only together with this stays below promise 7's 5 s.
 */
export const NEWCOMER_CHECK_MS = 500;

/** How often sockets that are being written to are looked at, ms. */
export const SLOW_READER_CHECK_MS = 1_000;
/** A reader this far behind at two looks in a row, bytes, or that took nothing for this long, ms, is closed. */
export const SLOW_READER_BYTES = 1_048_576;
export const SLOW_READER_MS = 5_000;

/**
 * How long after the broker's return clients are told to sync, ms: other processes reconnect at most 1 s apart
 * (lib/broker), and what they announce before that is dropped.
 */
export const SYNC_AFTER_MS = 1_500;
/** The clients of one node are told over this long, ms, in this many steps: 10,000 must not sync at one instant. */
export const SYNC_SPREAD_MS = 2_000;
export const SYNC_SPREAD_STEPS = 20;
