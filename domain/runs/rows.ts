import type { Statement } from '../../db/scope';
import type { ConversationRow, MessageRow, RunRow } from '../presenters/conversation';
import { CONVERSATION_COLUMNS, MESSAGE_COLUMNS, RUN_COLUMNS } from './columns';

/** Rows of several tables in one statement's answer: each is a JSON column, whose dates are text. */

const asJson = (columns: string, from: string) =>
  `(select to_json(x) from (select ${columns} from ${from}) x)`;

/** The one run of a CTE, as JSON. `from` names it and its alias, `r`. */
export const runJson = (from: string): string => asJson(RUN_COLUMNS, from);
/** The one message of a CTE aliased `m`, as JSON. */
export const messageJson = (from: string): string => asJson(MESSAGE_COLUMNS, from);
/** The one conversation of a CTE aliased `c`, as JSON. */
export const conversationJson = (from: string): string => asJson(CONVERSATION_COLUMNS, from);

/** A row as JSON carries it. */
export type Json<Row> = {
  [Key in keyof Row]: Row[Key] extends Date
    ? string
    : Row[Key] extends Date | null
      ? string | null
      : Row[Key];
};

const dateOrNull = (text: string | null) => (text === null ? null : new Date(text));

export const runOfJson = (row: Json<RunRow>): RunRow => ({
  ...row,
  startedAt: dateOrNull(row.startedAt),
  finishedAt: dateOrNull(row.finishedAt),
  createdAt: new Date(row.createdAt),
});

export const messageOfJson = (row: Json<MessageRow>): MessageRow => ({
  ...row,
  createdAt: new Date(row.createdAt),
});

export const conversationOfJson = (row: Json<ConversationRow>): ConversationRow => ({
  ...row,
  lastMessageAt: new Date(row.lastMessageAt),
  createdAt: new Date(row.createdAt),
  updatedAt: new Date(row.updatedAt),
});

/** One run as it is now: behind a change of its tool calls, which the changing statement itself would not see. */
export const READ_RUN: Statement = {
  name: 'run-read',
  text: `select ${RUN_COLUMNS} from runs r where r.id = $1`,
};
