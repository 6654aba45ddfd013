import { once } from 'node:events';
import type { Writer } from '../protocols/protocol';
import { breakOff, isMidStream } from './faults';
import type { Exchange } from './exchange';
import { pieces, pieceTokens, type Piece, type Stop } from './pieces';
import { pace } from './pace';

/**
 * Sends a 200 and the answer, streamed or whole, in the model's speed. Resolves when the response has ended or the
 * caller has left.
 */
export async function sendAnswer(exchange: Exchange): Promise<void> {
  const { protocol, request, behaviour, response, entry } = exchange;
  const writer = protocol.writer({
    request,
    createdAt: Math.floor(Date.now() / 1_000),
    usageInstead: 'usage' in behaviour ? { value: behaviour.usage } : undefined,
  });
  const { fault } = behaviour;
  entry.status = 200;
  if (fault === 'html') {
    entry.outcome = 'fault:html';
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>Welcome</title><p>Please sign in to this network.</p>');
    return;
  }
  entry.billed = exchange.billed;
  response.writeHead(200, {
    'content-type': request.stream ? 'text/event-stream; charset=utf-8' : 'application/json',
    'cache-control': 'no-cache',
  });
  if (request.stream || isMidStream(fault)) response.flushHeaders();
  const ended = await produce(exchange, writer);
  if (ended === 'gone') return;
  if (isMidStream(fault)) {
    // Also where the answer was shorter than `afterChunks`: its terminal marker doesn't go out.
    await breakOff(exchange, fault, writer);
    return;
  }
  if (fault) entry.outcome = `fault:${fault}`;
  response.end(
    request.stream
      ? writer.end(ended, exchange.billed)
      : JSON.stringify(writer.whole(ended, exchange.billed)),
  );
}

/** Puts out the pieces, until they end or a fault is due. */
async function produce(exchange: Exchange, writer: Writer): Promise<Stop | 'gone'> {
  const { behaviour, answer, model, response, request, gone, billed, entry, ticker } = exchange;
  const breakAfter = isMidStream(behaviour.fault) ? (behaviour.afterChunks ?? 0) : Infinity;
  if (breakAfter === 0) return 'end';
  const cap = behaviour.fault === 'ignore_cap' ? Infinity : exchange.cap;
  const source = pieces(answer, behaviour.reasoningTokens ?? model.reasoningTokens, cap);
  const speed = behaviour.tokensPerSecond ?? model.tokensPerSecond;
  let out = writer.open(billed);
  let sent = 0;
  for await (const allowed of pace(ticker, speed, gone)) {
    let stop: Stop | undefined;
    for (let left = allowed; left > 0 && sent < breakAfter; left--) {
      const next = source.next();
      if (next.done) {
        stop = next.value;
        break;
      }
      out += writer.piece(next.value);
      charge(exchange, next.value);
      sent++;
    }
    if (request.stream && out !== '' && !response.write(out)) await drained(exchange);
    out = '';
    entry.chunksSent = sent;
    if (stop !== undefined || sent >= breakAfter) return gone.aborted ? 'gone' : (stop ?? 'end');
  }
  return 'gone';
}

function charge({ billed }: Exchange, piece: Piece): void {
  billed[piece.kind === 'reasoning' ? 'reasoning' : 'output'] += pieceTokens(piece);
}

/** Until a slow reader has taken what was written, or has left. */
async function drained({ response, gone }: Exchange): Promise<void> {
  await once(response, 'drain', { signal: gone }).catch(() => undefined);
}
