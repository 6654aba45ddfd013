import { TenantModel } from './tenant-model';

/** A row of `providers`. `secret` is sealed (lib/secrets). The JSON columns are valid: only parsed input is written. */
export class Provider extends TenantModel {
  static override tableName = 'providers';
  static override jsonAttributes = ['quirks', 'models'];

  slug!: string;
  name!: string;
  protocol!: 'openai-responses' | 'openai-chat' | 'anthropic';
  baseUrl!: string | null;
  secret!: string | null;
  quirks!: object;
  models!: object[];
  createdBy!: string | null;
}
