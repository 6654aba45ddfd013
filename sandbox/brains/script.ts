import { z } from 'zod';
import { behaviourSchema, NO_BEHAVIOUR, type Behaviour } from '../control/behaviour';
import { parseBody } from '../protocols/protocol';
import { Refusal } from '../refusal';
import { lastUserText, sinceLastUser, type SandboxRequest } from '../request';

/** What stands in front of a script in a person's message. */
export const SCRIPT_MARKER = '#sandbox ';

/** One behaviour for all calls of a run, or one for each call; the last goes on. */
const scriptSchema = z.union([z.strictObject({ steps: z.array(behaviourSchema).min(1) }), behaviourSchema]);

/**
 * The script in the last message of a person: the JSON object after the marker. Without one the model echoes.
 * @throws Refusal where it is none
 */
export function readScript(request: SandboxRequest): Behaviour {
  const text = lastUserText(request);
  const at = text.indexOf(SCRIPT_MARKER);
  if (at < 0) return NO_BEHAVIOUR;
  const script = parseBody(scriptSchema, parseJson(text.slice(at + SCRIPT_MARKER.length)));
  if (!('steps' in script)) return script;
  const turn = sinceLastUser(request).filter((message) => message.role === 'assistant').length;
  return script.steps[turn] ?? script.steps.at(-1) ?? NO_BEHAVIOUR;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.slice(0, text.lastIndexOf('}') + 1));
  } catch {
    throw new Refusal('invalid', `After "${SCRIPT_MARKER}" a JSON object is expected.`);
  }
}
