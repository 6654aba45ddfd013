import type { Knex } from 'knex';
import * as foundation from './0001-foundation';
import * as widgets from './0002-widgets';
import * as presence from './0003-presence';
import * as tenancy from './0004-tenancy';
import * as sourceProbes from './0005-source-probes';
import * as operators from './0006-operators';
import * as agents from './0007-agents';
import * as ledger from './0008-ledger';
import * as mail from './0009-mail';
import * as credentials from './0010-credentials';
import * as people from './0011-people';
import * as personalization from './0012-personalization';
import * as openRows from './0013-open-rows';

interface Migration {
  name: string;
  up(knex: Knex): Promise<void>;
}

/** Every migration, oldest first. Names are what knex records; never rename or reorder one. */
const MIGRATIONS: Migration[] = [
  { name: '0001-foundation', ...foundation },
  { name: '0002-widgets', ...widgets },
  { name: '0003-presence', ...presence },
  { name: '0004-tenancy', ...tenancy },
  { name: '0005-source-probes', ...sourceProbes },
  { name: '0006-operators', ...operators },
  { name: '0007-agents', ...agents },
  { name: '0008-ledger', ...ledger },
  { name: '0009-mail', ...mail },
  { name: '0010-credentials', ...credentials },
  { name: '0011-people', ...people },
  { name: '0012-personalization', ...personalization },
  { name: '0013-open-rows', ...openRows },
];

/** A list in code instead of a folder scan: the same from TypeScript under test and from dist. */
export const migrationSource: Knex.MigrationSource<Migration> = {
  getMigrations: async () => MIGRATIONS,
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => ({
    up: migration.up,
    down: async () => {
      throw new Error(`Migration ${migration.name} can't be undone: restore a backup instead.`);
    },
  }),
};
