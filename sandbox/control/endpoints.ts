import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseBody } from '../protocols/protocol';
import { readJson } from '../read-json';
import { Refusal } from '../refusal';
import type { RequestLog } from './request-log';
import { ruleSchema, type Rules } from './rules';

/**
 * `POST DELETE /sandbox/rules` and `GET DELETE /sandbox/requests`: how tests steer a sandbox and see what reached
 * it. There is no key: only a sandbox that was started for tests answers here.
 */
export async function control(
  { rules, log }: { rules: Rules; log: RequestLog },
  message: IncomingMessage,
  url: URL,
  response: ServerResponse,
): Promise<void> {
  switch (`${message.method} ${url.pathname}`) {
    case 'POST /sandbox/rules':
      try {
        rules.push(parseBody(ruleSchema, await readJson(message)));
      } catch (error) {
        if (error instanceof Refusal) return sendJson(response, 400, { message: error.message });
        throw error;
      }
      return sendJson(response, 201, {});
    case 'DELETE /sandbox/rules':
      rules.clear();
      return sendJson(response, 200, {});
    case 'GET /sandbox/requests':
      return sendJson(response, 200, log.since(Number(url.searchParams.get('since') ?? 0)));
    case 'DELETE /sandbox/requests':
      log.clear();
      return sendJson(response, 200, {});
    default:
      return sendJson(response, 404, { message: `There is no ${message.method} ${url.pathname}.` });
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
