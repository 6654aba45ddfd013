import type { Refusal, RefusalKind } from '../refusal';
import { Refusal as Refused } from '../refusal';
import { anthropicWording, parseAnthropic } from './anthropic-request';
import { anthropicWriter } from './anthropic-writer';
import { bearerKey } from './openai';
import type { Protocol } from './protocol';

const TYPES: Record<RefusalKind, string> = {
  invalid: 'invalid_request_error',
  unauthorized: 'authentication_error',
  not_found: 'not_found_error',
  too_large: 'request_too_large',
  rate_limited: 'rate_limit_error',
  overloaded: 'overloaded_error',
  server_error: 'api_error',
};

/** Anthropic's Messages. */
export const messages: Protocol = {
  name: 'anthropic',
  path: '/v1/messages',
  requestIdHeader: 'request-id',
  overloadedStatus: 529,
  apiKey: (headers) => headers['x-api-key']?.toString() ?? bearerKey(headers),
  parse: parseAnthropic,
  wording: anthropicWording,
  unknownModel: (model) => new Refused('not_found', `model: ${model}`),
  wrongKey: () => new Refused('unauthorized', 'invalid x-api-key'),
  malformedEvent: 'event: content_block_delta\ndata: {"type": "content_block_delta", \n\n',
  errorBody: (refusal: Refusal, requestId) => ({
    type: 'error',
    error: { type: TYPES[refusal.kind], message: refusal.message },
    request_id: requestId,
  }),
  writer: anthropicWriter,
};
