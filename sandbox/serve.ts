import type { IncomingMessage, ServerResponse } from 'node:http';
import { newId } from '../lib/ids';
import { delay, refuseOnPurpose } from './answer/faults';
import { planAnswer } from './answer/plan';
import type { createPromptCache } from './answer/prompt-cache';
import { sendAnswer } from './answer/send';
import type { Ticker } from '../lib/ticker';
import { brainOf } from './brains';
import { readScript } from './brains/script';
import { checkRequest } from './checks';
import { NO_BEHAVIOUR } from './control/behaviour';
import type { LoggedRequest, RequestLog } from './control/request-log';
import type { Rules } from './control/rules';
import { findModel } from './models';
import type { Protocol } from './protocols/protocol';
import { readJson } from './read-json';
import { Refusal, REFUSAL_STATUS } from './refusal';
import { countPrompt } from './tokens';

/** What starts a key of the sandbox. */
const KEY_PREFIX = 'sandbox-';

export interface Sandbox {
  rules: Rules;
  log: RequestLog;
  cache: ReturnType<typeof createPromptCache>;
  /** For one answer. */
  takeTicker: () => Ticker;
}

/** Answers a request to one of the protocols, and logs it. */
export async function serve(
  sandbox: Sandbox,
  protocol: Protocol,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = `req_${newId().replaceAll('-', '')}`;
  response.setHeader(protocol.requestIdHeader, requestId);
  const entry = sandbox.log.add({
    protocol: protocol.name,
    path: protocol.path,
    model: null,
    clientRequestId: message.headers['x-client-request-id']?.toString() ?? null,
    requestId,
    receivedAt: Date.now(),
    body: null,
    status: 0,
    outcome: 'open',
    billed: null,
    closedAt: null,
    chunksSent: 0,
  });
  const gone = watchEnd(response, entry);
  try {
    await accept(sandbox, protocol, { message, response, entry, gone });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    if (entry.outcome === 'open') entry.outcome = 'refused';
    entry.status = error.kind === 'overloaded' ? protocol.overloadedStatus : REFUSAL_STATUS[error.kind];
    response.writeHead(entry.status, { 'content-type': 'application/json', ...error.headers });
    response.end(JSON.stringify(protocol.errorBody(error, requestId)));
  }
}

/** Notes how the response ends. @returns a signal for that */
function watchEnd(response: ServerResponse, entry: LoggedRequest): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    entry.closedAt = Date.now();
    if (entry.outcome === 'open') entry.outcome = response.writableFinished ? 'completed' : 'client_closed';
    gone.abort();
  });
  return gone.signal;
}

/** @throws Refusal for what a provider would not accept, and for what is to be refused on purpose */
async function accept(
  { rules, cache, takeTicker }: Sandbox,
  protocol: Protocol,
  call: { message: IncomingMessage; response: ServerResponse; entry: LoggedRequest; gone: AbortSignal },
): Promise<void> {
  const { message, response, entry, gone } = call;
  entry.body = await readJson(message);
  entry.model = (entry.body as { model?: unknown } | null)?.model?.toString() ?? null;
  const key = protocol.apiKey(message.headers);
  if (!key?.startsWith(KEY_PREFIX)) throw protocol.wrongKey();
  const request = protocol.parse(entry.body, message.headers);
  const model = findModel(request.model);
  if (!model) throw protocol.unknownModel(request.model);
  const input = countPrompt(request);
  checkRequest(request, model, input, protocol.wording);

  const scripted = model.id === 'sandbox-script' ? readScript(request) : NO_BEHAVIOUR;
  const behaviour = rules.take(request) ?? scripted;
  await delay(behaviour.delayMs, gone);
  if (gone.aborted) return;
  if (behaviour.fault) {
    try {
      refuseOnPurpose(behaviour, request.stream);
    } catch (error) {
      entry.outcome = `fault:${behaviour.fault}`;
      throw error;
    }
  }
  const cap = Math.min(request.maxOutputTokens ?? model.maxOutput, model.contextWindow - input);
  const charged = model.caches
    ? cache.charge(request, key)
    : { input, cached: 0, cacheWrite5m: 0, cacheWrite1h: 0 };
  const billed = { ...charged, output: 0, reasoning: 0 };
  const answer = planAnswer(request, behaviour, cap, () => brainOf(model)(request));
  await sendAnswer({
    protocol,
    request,
    model,
    behaviour,
    answer,
    cap,
    response,
    gone,
    billed,
    entry,
    ticker: takeTicker(),
  });
}
