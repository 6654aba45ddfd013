import { TenantModel } from './tenant-model';

/** A row of `connections`. `secret` is sealed (lib/secrets). */
export class Connection extends TenantModel {
  static override tableName = 'connections';
  static override jsonAttributes = ['config'];

  name!: string;
  kind!: 'postgres' | 'http';
  config!: Record<string, unknown>;
  secret!: string | null;
  createdBy!: string | null;
}
