import { TenantModel } from './tenant-model';

/** A row of `agents`. Models are `<provider>/<model>`; `tools` and `fallbackModels` are text arrays. */
export class Agent extends TenantModel {
  static override tableName = 'agents';

  name!: string;
  type!: 'assistant' | 'analyst' | 'optimizer' | 'custom';
  systemPrompt!: string;
  model!: string;
  temperature!: number | null;
  maxTokens!: number;
  tools!: string[];
  fallbackModels!: string[];
  status!: 'active' | 'inactive';
  createdBy!: string | null;
}
