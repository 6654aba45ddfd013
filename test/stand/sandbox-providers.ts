import { PROVIDER_PROTOCOLS, type ProviderProtocol } from '../../domain/providers/config';
import { newId } from '../../lib/ids';
import { seal } from '../../lib/secrets';
import { SANDBOX_MODELS } from '../../sandbox/models';
import { SECRET } from '../realtime/fixture';
import { SANDBOX_KEY } from '../support/sandbox';
import type { Platform } from './platform';

/** The name of a sandbox model by a protocol, once {@link addSandboxProviders} is done. */
export const ownModel = (protocol: ProviderProtocol, model: string): string => `own-${protocol}/${model}`;

/** The sandbox by each protocol, as providers of the business's own. */
export async function addSandboxProviders({ sql, businessId, sandbox }: Platform): Promise<void> {
  const models = SANDBOX_MODELS.map(({ id, contextWindow, maxOutput }) => ({
    name: id,
    contextWindow,
    maxOutputTokens: maxOutput,
  }));
  for (const protocol of PROVIDER_PROTOCOLS) {
    const id = newId();
    await sql(
      `insert into providers (id, business_id, slug, name, protocol, base_url, secret, models)
       values ($1, $2, $3, $3, $4, $5, $6, $7)`,
      [
        id,
        businessId,
        `own-${protocol}`,
        protocol,
        sandbox.url + (protocol === 'anthropic' ? '' : '/v1'),
        seal(JSON.stringify({ apiKey: SANDBOX_KEY }), [SECRET], `provider:${id}`),
        JSON.stringify(models),
      ],
    );
  }
}
