import type { Answer } from '../answer/pieces';
import type { SandboxModel } from '../models';
import type { SandboxRequest } from '../request';
import { analyst } from './analyst';
import { echo } from './echo';

const BRAINS: Record<string, (request: SandboxRequest) => Answer> = {
  'sandbox-analyst': analyst,
};

/** What a model answers. The others echo. */
export const brainOf = (model: SandboxModel): ((request: SandboxRequest) => Answer) =>
  BRAINS[model.id] ?? echo;
