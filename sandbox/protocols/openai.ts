import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from '../refusal';

/** What both of OpenAI's protocols share. */

export const bearerKey = ({ authorization }: IncomingHttpHeaders): string | undefined =>
  /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];

export const wrongKey = (): Refusal =>
  new Refusal('unauthorized', 'Incorrect API key provided. Keys of the sandbox start with sandbox-.', {
    code: 'invalid_api_key',
  });

export const unknownModel = (model: string): Refusal =>
  new Refusal('not_found', `The model \`${model}\` does not exist or you do not have access to it.`, {
    code: 'model_not_found',
  });

const TYPES: Partial<Record<Refusal['kind'], string>> = {
  rate_limited: 'requests',
  overloaded: 'server_error',
  server_error: 'server_error',
};

export const errorBody = (refusal: Refusal): unknown => ({
  error: {
    message: refusal.message,
    type: TYPES[refusal.kind] ?? 'invalid_request_error',
    param: refusal.param,
    code: refusal.code,
  },
});

export function belowMinimum(param: string, least: number, given: number): Refusal {
  return new Refusal(
    'invalid',
    `Invalid '${param}': integer below minimum value. Expected a value >= ${least}, but got ${given} instead.`,
    { param, code: 'integer_below_min_value' },
  );
}

/** Cut in the middle of its JSON. */
export const malformedEvent = 'data: {"choices": [{"delta": \n\n';

export const failureMessage = (): string =>
  'The server had an error while processing your request. Sorry about that!';
