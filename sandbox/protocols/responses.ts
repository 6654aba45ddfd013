import { bearerKey, errorBody, malformedEvent, unknownModel, wrongKey } from './openai';
import type { Protocol } from './protocol';
import { parseResponses, responsesWording } from './responses-request';
import { responsesWriter } from './responses-writer';

/** OpenAI's Responses. */
export const responses: Protocol = {
  name: 'openai-responses',
  path: '/v1/responses',
  requestIdHeader: 'x-request-id',
  overloadedStatus: 503,
  apiKey: bearerKey,
  parse: parseResponses,
  wording: responsesWording,
  unknownModel,
  wrongKey,
  errorBody,
  malformedEvent,
  writer: responsesWriter,
};
