import { search } from '../../../domain/search/search';
import { SEARCH_KINDS } from '../../../domain/tools/catalog';
import type { Tool } from './tool';

export const searchTool: Tool<'search'> = {
  name: 'search',
  rights: () => 'read',
  async run({ conversationId }, { query, kinds = SEARCH_KINDS, limit }, { trx, actor }) {
    return { hits: await search(trx, actor, { query, kinds, limit, conversationId }) };
  },
};
