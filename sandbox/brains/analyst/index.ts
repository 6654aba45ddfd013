import { newToolCallId } from '../../answer/call-id';
import type { Answer } from '../../answer/pieces';
import { lastUserText, type SandboxRequest } from '../../request';
import { conclude } from './conclude';
import { readQuestion, type Intent, type Question } from './question';
import { hitsOf, stepsOf, toolTurns, type Hit, type Step } from './results';

/** In front of every answer, so that nobody takes the sandbox for a model. */
export const ANSWER_PREFIX = 'Sandbox answer: ';

/** Turns with tools in one run, at the most. */
const MAX_TOOL_TURNS = 5;
/** Widgets that a question is answered with. */
const MOST_WIDGETS = 3;
const SEARCH_LIMIT = 10;

const TOOL_FOR: Record<Intent['kind'], 'analysis' | 'reporting' | 'automation'> = {
  figures: 'analysis',
  report: 'reporting',
  refresh: 'automation',
  schedule: 'automation',
};

/**
 * The demo's brain: no model, but rules that really use the tools it is offered. It searches with the person's
 * words, looks into the best widgets it finds, and tells the numbers it was given; or it makes a report, refreshes a
 * widget or sets its schedule, where the words ask for that.
 */
export function analyst(request: SandboxRequest): Answer {
  const question = readQuestion(lastUserText(request));
  const next = decide(question, request);
  if (typeof next === 'string') return { text: ANSWER_PREFIX + next, toolCalls: [] };
  return {
    text: '',
    toolCalls: next.map(({ name, args }) => ({
      id: newToolCallId(request),
      name,
      arguments: JSON.stringify(args),
    })),
  };
}

interface Call {
  name: string;
  args: unknown;
}

/** The next calls, or what to say. */
function decide(question: Question, request: SandboxRequest): Call[] | string {
  const { words, intent } = question;
  const tool = TOOL_FOR[intent.kind];
  if (words.length === 0) return WHAT_I_DO;
  const offered = new Set(request.tools.map(({ name }) => name));
  const missing = ['search', tool].filter((name) => !offered.has(name));
  if (missing.length > 0)
    return `I can't look that up: this agent has no tool called ${missing.join(' or ')}.`;

  const steps = stepsOf(request);
  const searches = steps.filter((step) => step.tool === 'search');
  const widgets = bestWidgets(searches.flatMap(hitsOf), words);
  const acted = steps.filter((step) => step.tool === tool);
  if (acted.length > 0) return conclude(question, acted, widgets);
  if (toolTurns(request) >= MAX_TOOL_TURNS) return 'I gave up: the tools led nowhere.';
  if (widgets.length > 0) return callsOn(widgets, question);
  const query = [words.join(' '), widened(words)][searches.length];
  if (query !== undefined) return [{ name: 'search', args: { query, limit: SEARCH_LIMIT } }];
  return foundNothing(question, searches);
}

const WHAT_I_DO =
  'I stand in for a language model and can look up figures on your dashboards. Ask for a widget by its name, ' +
  'for example "How is revenue this week?", ask for a report about it, or say "refresh" and its name.';

/** Any of the words, also without a plural's s: where all of them together are nowhere. */
const widened = (words: string[]): string =>
  [...new Set(words.flatMap((word) => (/[^s]s$/.test(word) ? [word, word.slice(0, -1)] : [word])))].join(
    ' or ',
  );

/** Those whose names hold the most of the words, in the search's own order. */
function bestWidgets(hits: Hit[], words: string[]): Hit[] {
  const widgets = [
    ...new Map(hits.filter(({ kind }) => kind === 'widget').map((hit) => [hit.id, hit])).values(),
  ];
  const score = ({ name }: Hit) => words.filter((word) => name.toLowerCase().includes(word)).length;
  const best = Math.max(0, ...widgets.map(score));
  return widgets.filter((hit) => score(hit) === best).slice(0, MOST_WIDGETS);
}

function callsOn(widgets: Hit[], { intent, words }: Question): Call[] {
  const [best] = widgets;
  switch (intent.kind) {
    case 'figures':
      return widgets.map(({ id }) => ({ name: 'analysis', args: { widgetId: id } }));
    case 'report':
      return [
        {
          name: 'reporting',
          args: { title: `Report: ${words.join(' ')}`, widgetIds: widgets.map(({ id }) => id) },
        },
      ];
    case 'refresh':
      return [{ name: 'automation', args: { action: 'refresh', widgetId: best?.id } }];
    case 'schedule': {
      const schedule = intent.everySeconds === null ? null : { everySeconds: intent.everySeconds };
      return [{ name: 'automation', args: { action: 'set_schedule', widgetId: best?.id, schedule } }];
    }
  }
}

function foundNothing({ words }: Question, searches: Step[]): string {
  const failed = searches.at(-1)?.result;
  if (failed && !failed.ok) return `the search failed: ${failed.problem}`;
  const others = searches.flatMap(hitsOf).map(({ kind, name }) => `the ${kind} "${name}"`);
  const instead =
    others.length > 0 ? ` There is ${[...new Set(others)].slice(0, MOST_WIDGETS).join(', ')}.` : '';
  return `I found no widget for "${words.join(' ')}".${instead}`;
}
