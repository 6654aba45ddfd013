import type { IncomingHttpHeaders } from 'node:http';
import { SANDBOX_MODELS } from '../models';

/** The day these models were "released", as both APIs tell one. */
const CREATED = '2026-01-01T00:00:00Z';

/** `GET /v1/models`, in Anthropic's shape for whoever names its version, else in OpenAI's. */
export function listModels(headers: IncomingHttpHeaders): unknown {
  if (!headers['anthropic-version']) {
    const created = Date.parse(CREATED) / 1_000;
    const data = SANDBOX_MODELS.map(({ id }) => ({ id, object: 'model', created, owned_by: 'sandbox' }));
    return { object: 'list', data };
  }
  const data = SANDBOX_MODELS.map((model) => ({
    type: 'model',
    id: model.id,
    display_name: model.name,
    created_at: CREATED,
    max_input_tokens: model.contextWindow,
    max_tokens: model.maxOutput,
  }));
  return { data, has_more: false, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
}
