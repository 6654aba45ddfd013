import type { ToolName } from '../../../domain/runs/types';
import { describeTools } from '../../../domain/tools/catalog';
import type { ToolDefinition } from '../providers/provider';
import { analysisTool } from './analysis';
import { automationTool } from './automation';
import { reportingTool } from './reporting';
import { searchTool } from './search';
import type { Tool } from './tool';

type Tools = { [Name in ToolName]: Tool<Name> };

/** @throws Error at start for a tool that does not say with which rights it works */
export function toolsOf(tools: Tools): Tools {
  for (const { name, rights } of Object.values(tools))
    if (!rights) throw new Error(`${name} says no rights.`);
  return tools;
}

/** Every tool by its name; one without a tool does not compile. */
export const TOOLS = toolsOf({
  search: searchTool,
  analysis: analysisTool,
  reporting: reportingTool,
  automation: automationTool,
});

/** An agent's tools as its provider is told of them. */
export const toolDefinitions = (names: readonly ToolName[]): ToolDefinition[] =>
  describeTools(names).map(({ name, description, parameters }) => ({ name, description, parameters }));
