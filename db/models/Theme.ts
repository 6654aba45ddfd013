import { TenantModel } from './tenant-model';

/** A row of `themes`. */
export class Theme extends TenantModel {
  static override tableName = 'themes';
  static override jsonAttributes = ['colors', 'tokens'];

  userId!: string;
  name!: string;
  mode!: 'light' | 'dark';
  colors!: Record<string, string>;
  tokens!: Record<string, string>;
  borderRadius!: string;
}
