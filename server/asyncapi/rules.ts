import { MAX_OPEN_DASHBOARDS } from '../../realtime/presence/limits';
import {
  EVENTS_BURST,
  EVENTS_OVER_LIMIT,
  EVENTS_PER_SECOND,
  EXPIRY_NOTICE_MS,
  MAX_MESSAGE_BYTES,
  MAX_OPEN_CONVERSATIONS,
  PING_INTERVAL_MS,
  PING_TIMEOUT_MS,
} from '../sockets/limits';

/** What holds for the whole connection, a paragraph each. */
export const RULES: { title: string; text: string }[] = [
  {
    title: 'Connecting',
    text: 'Socket.IO 4 over WebSocket alone, path /socket.io/, namespace /. The access token goes into the handshake as auth.token; an API key opens no socket. What is refused gets connect_error with data {code, message}. You never name a room: your token and what you open decide what reaches you.',
  },
  {
    title: 'Acknowledgements',
    text: 'Every event that you send is answered with {ok: true, …} or {ok: false, error: {code, message}}. Events of one socket are done one after the other. A field we do not know is an error.',
  },
  {
    title: 'Versions',
    text: 'Every row carries a version that grows with each write. Apply an event only where its version is newer than the one you hold: then events may come late, twice or out of order.',
  },
  {
    title: 'Sync',
    text: 'Events only make it faster; sync makes it right. After connecting, after every reconnect and when sync.required comes, send sync with your last cursor and apply the changes as events. With reset, load everything over REST, then sync from the new cursor.',
  },
  {
    title: 'Replies in the making',
    text: 'message.delta carries a position: append the text where it continues what you hold, read the message where something in between is missing, and drop deltas of an epoch below the run’s. message.completed is the whole text.',
  },
  {
    title: 'Tokens',
    text: `${EXPIRY_NOTICE_MS / 1_000} s before your token runs out comes session.expiring: send auth.refresh with a newer token of the same login, or the socket is closed. After session.revoked it is closed in any case.`,
  },
];

/** What is bounded, as a table. */
export const LIMITS: { what: string; limit: string }[] = [
  { what: 'Events you send', limit: `${EVENTS_PER_SECOND} a second, ${EVENTS_BURST} at once after a pause` },
  { what: 'Events beyond that before the socket is closed', limit: String(EVENTS_OVER_LIMIT) },
  { what: 'Size of a message you send', limit: `${MAX_MESSAGE_BYTES} bytes` },
  { what: 'Dashboards open on one socket', limit: String(MAX_OPEN_DASHBOARDS) },
  { what: 'Conversations open on one socket', limit: String(MAX_OPEN_CONVERSATIONS) },
  {
    what: 'Silence until a connection counts as gone',
    limit: `${(PING_INTERVAL_MS + PING_TIMEOUT_MS) / 1_000} s`,
  },
];

/** Codes of `error` in an acknowledgement, and of `data` in `connect_error`. */
export const ERRORS: { code: string; meaning: string }[] = [
  { code: 'invalid_token', meaning: 'The token is missing, wrong or has run out: get a new one.' },
  { code: 'session_ended', meaning: 'The login behind the token has ended: log in again.' },
  { code: 'session_mismatch', meaning: 'auth.refresh with a token of another login: open a new connection.' },
  { code: 'api_key_refused', meaning: 'An API key opens no socket.' },
  { code: 'connecting', meaning: 'A login is under way on this connection.' },
  { code: 'rate_limited', meaning: 'Too many events, or logins on one connection: wait a moment.' },
  { code: 'invalid_request', meaning: 'The payload is wrong; the message names the field.' },
  { code: 'unknown_event', meaning: 'There is no such event.' },
  { code: 'not_found', meaning: 'It does not exist, or you may not see it.' },
  { code: 'too_many_dashboards', meaning: 'Close one first.' },
  { code: 'too_many_conversations', meaning: 'Close one first.' },
  { code: 'unavailable', meaning: 'It did not work this time: try again.' },
];
