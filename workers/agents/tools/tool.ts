import type { Knex } from 'knex';
import type { Database } from '../../../db/database';
import type { Actor } from '../../../domain/roles';
import type { ToolName } from '../../../domain/runs/types';
import type { ToolArguments } from '../../../domain/tools/catalog';
import type { ToolWidget, WidgetRight } from '../../../domain/tools/widget';
import type { Jobs } from '../../../jobs/enqueue';
import type { Logger } from '../../../lib/logger';
import type { Publish } from '../../../realtime/publish';

/** What a tool is given beside its arguments. */
export interface ToolContext {
  db: Database;
  /** Who asked. Their role is read anew for each call: what they lost since counts at once. */
  actor: Actor;
  runId: string;
  requestId: string;
  conversationId: string;
  /** The business's, IANA. */
  timezone: string;
  locale: string;
  signal: AbortSignal;
  logger: Logger;
  jobs: Jobs;
  publish: Publish;
}

/** What one call may use: a transaction in the business's scope, and the asker with the role they have now. */
export interface ToolScope {
  trx: Knex.Transaction;
  actor: Actor;
  /**
   * A widget, where the asker may do to it what the tool's `rights` say.
   * @throws HttpError 404, 403 (domain/tools/widget)
   */
  widget(id: string): Promise<ToolWidget>;
}

export interface ToolEffect {
  /** For the model; JSON. */
  result: unknown;
  /** Jobs and announcements. A process that dies before it loses none that a sweep or sync does not bring back. */
  afterCommit?: () => Promise<void>;
}

/**
 * A tool that only reads has `run`. One that writes has `effect`, whose writes commit together with the mark that
 * the call is done, so a crash never does it twice; where a person confirms it, `summarise` says to what.
 * All throw HttpError with a text that the model may read: 404 for whatever the asker may not see.
 */
export type Tool<Name extends ToolName = ToolName> = {
  name: Name;
  /** What a call with these arguments does to the widgets that it names; the scope gives it none for less. */
  rights(args: ToolArguments<Name>): WidgetRight;
} & (
  | { run(context: ToolContext, args: ToolArguments<Name>, scope: ToolScope): Promise<unknown> }
  | {
      summarise?(context: ToolContext, args: ToolArguments<Name>, scope: ToolScope): Promise<string>;
      effect(context: ToolContext, args: ToolArguments<Name>, scope: ToolScope): Promise<ToolEffect>;
    }
);
