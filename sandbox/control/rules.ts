import { z } from 'zod';
import { lastUserText, PROTOCOL_NAMES, type SandboxRequest } from '../request';
import { behaviourSchema, type Behaviour } from './behaviour';

export const ruleSchema = z.strictObject({
  match: z
    .strictObject({
      model: z.string().optional(),
      /** Stands in the last message of a person. */
      contains: z.string().optional(),
      protocol: z.enum(PROTOCOL_NAMES).optional(),
    })
    .default({}),
  /** How many requests it is for; null: all. */
  times: z.int().min(1).nullable().default(null),
  behaviour: behaviourSchema,
});
export type Rule = z.output<typeof ruleSchema>;
/** A rule as a test writes it. */
export type RuleInput = z.input<typeof ruleSchema>;

export interface Rules {
  push(rule: Rule): void;
  clear(): void;
  /** The oldest rule that matches, counted as used. */
  take(request: SandboxRequest): Behaviour | undefined;
}

export function createRules(): Rules {
  let rules: Rule[] = [];
  return {
    push: (rule) => void rules.push({ ...rule }),
    clear: () => {
      rules = [];
    },
    take(request) {
      const rule = rules.find(({ match }) => matches(match, request));
      if (!rule) return undefined;
      if (rule.times !== null && --rule.times === 0) rules = rules.filter((other) => other !== rule);
      return rule.behaviour;
    },
  };
}

function matches({ model, contains, protocol }: Rule['match'], request: SandboxRequest): boolean {
  if (model !== undefined && model !== request.model) return false;
  if (protocol !== undefined && protocol !== request.protocol) return false;
  return contains === undefined || lastUserText(request).includes(contains);
}
