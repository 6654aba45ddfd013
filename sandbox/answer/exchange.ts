import type { ServerResponse } from 'node:http';
import type { Behaviour } from '../control/behaviour';
import type { LoggedRequest } from '../control/request-log';
import type { SandboxModel } from '../models';
import type { Protocol } from '../protocols/protocol';
import type { SandboxRequest } from '../request';
import type { Billed } from './billed';
import type { Answer } from './pieces';
import type { Ticker } from '../../lib/ticker';

/** One accepted request, on its way to an answer. */
export interface Exchange {
  protocol: Protocol;
  request: SandboxRequest;
  model: SandboxModel;
  behaviour: Behaviour;
  answer: Answer;
  /** The most that may be put out, thinking included: tokens. */
  cap: number;
  response: ServerResponse;
  /** Aborted once the connection is closed, by whichever side. */
  gone: AbortSignal;
  /** Grows as the answer goes out; the log shows the same object. */
  billed: Billed;
  entry: LoggedRequest;
  ticker: Ticker;
}
