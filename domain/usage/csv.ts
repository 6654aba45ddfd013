import { toCsv } from '../../lib/csv';
import type { PresentedCall } from '../presenters/call';
import type { PresentedUsage } from './grouped';

const TOKEN_COLUMNS = ['input', 'cachedInput', 'cacheWrite', 'output', 'reasoning'] as const;

export const usageCsv = (rows: readonly PresentedUsage[]): string =>
  toCsv(
    ['key', 'name', 'calls', 'estimatedCalls', ...TOKEN_COLUMNS, 'cost'],
    rows.map((row) => [
      row.key,
      row.name,
      row.calls,
      row.estimatedCalls,
      ...TOKEN_COLUMNS.map((column) => row.tokens[column]),
      row.cost,
    ]),
  );

const CALL_COLUMNS = [
  'id',
  'createdAt',
  'settledAt',
  'status',
  'outcome',
  'purpose',
  'model',
  'modelServed',
  'agentId',
  'userId',
  'conversationId',
  'runId',
  'attempt',
  'stopReason',
  'errorCode',
  'providerRequestId',
  'requestId',
] as const satisfies (keyof PresentedCall)[];

export const callsCsv = (calls: readonly PresentedCall[]): string =>
  toCsv(
    [...CALL_COLUMNS, ...TOKEN_COLUMNS, 'outputCap', 'hold', 'cost', 'estimated', 'overrun'],
    calls.map((call) => [
      ...CALL_COLUMNS.map((column) => call[column]),
      ...TOKEN_COLUMNS.map((column) => call.tokens[column]),
      call.outputCap,
      call.hold,
      call.cost,
      call.estimated,
      call.overrun,
    ]),
  );
