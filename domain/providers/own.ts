import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import type { ProviderProtocol, ProviderQuirks } from './config';
import type { OwnModel } from './model';

/** A business's own provider, as a run needs it. */
export interface OwnProvider {
  id: string;
  protocol: ProviderProtocol;
  baseUrl: string | null;
  /** `{"apiKey": ...}`, sealed as connections' secrets are. */
  secret: string | null;
  quirks: Partial<ProviderQuirks>;
  models: OwnModel[];
}

/** {@link OwnProvider} as JSON, or null: of a joined table aliased `p`. */
export const OWN_PROVIDER_JSON = `case when p.id is not null then json_build_object(
  'id', p.id, 'protocol', p.protocol, 'baseUrl', p.base_url, 'secret', p.secret, 'quirks', p.quirks,
  'models', p.models) end`;

const FIND: Statement = {
  name: 'provider-of-business',
  text: `select ${OWN_PROVIDER_JSON} as provider from providers p
          where p.business_id = current_business() and p.slug = $1`,
};

/** undefined where the business has no provider of that slug: the operator's may have it. */
export async function findOwnProvider(
  db: Database,
  businessId: string,
  slug: string,
): Promise<OwnProvider | undefined> {
  return (await tenantStatement<{ provider: OwnProvider }>(db, businessId, FIND, [slug]))[0]?.provider;
}
