import { Model, snakeCaseMappers } from 'objection';

/** Base of the models: columns in snake_case, properties in camelCase. Queries need a transaction of a scope. */
export class TenantModel extends Model {
  id!: string;
  businessId!: string;
  version!: number;
  createdAt!: Date;
  updatedAt!: Date;

  static override get columnNameMappers() {
    return snakeCaseMappers();
  }

  override $beforeUpdate(): void {
    this.updatedAt = new Date();
  }
}
