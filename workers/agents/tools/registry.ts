import type { ToolName } from '../../../domain/runs/types';
import { describeTools } from '../../../domain/tools/catalog';
import type { ToolDefinition } from '../providers/provider';
import { analysisTool } from './analysis';
import { automationTool } from './automation';
import { reportingTool } from './reporting';
import { searchTool } from './search';
import type { Tool } from './tool';

/** Every tool by its name; one without a tool does not compile. */
export const TOOLS: { [Name in ToolName]: Tool<Name> } = {
  search: searchTool,
  analysis: analysisTool,
  reporting: reportingTool,
  automation: automationTool,
};

/** An agent's tools as its provider is told of them. */
export const toolDefinitions = (names: readonly ToolName[]): ToolDefinition[] =>
  describeTools(names).map(({ name, description, parameters }) => ({ name, description, parameters }));
