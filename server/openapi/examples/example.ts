import type { z } from 'zod';
import type { Schema } from '../schema';
import { FIELDS } from './fields';

/** Where a value stands: the route's resource and tag, the field around it and its own name. */
interface Place {
  resources: readonly string[];
  parent: string;
  name: string;
}

interface Json {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  format?: string;
  pattern?: string;
  minLength?: number;
  minimum?: number;
  minItems?: number;
  properties?: Record<string, Json>;
  required?: string[];
  items?: Json;
  prefixItems?: Json[];
  anyOf?: Json[];
  oneOf?: Json[];
  allOf?: Json[];
  $ref?: string;
}

/** Texts of which one fits each pattern that our schemas have and no field's name tells. */
const TEXTS = ['text', 'localhost', '492039', '#1f5fbf', 'X-Header', 'openai/gpt-5.1-mini', '2026-11-20'];
const FORMATS: Record<string, string> = {
  uuid: '01932f8e-7b1a-7c3e-9d2f-5a6b7c8d9e01',
  email: 'ada@northwind.example',
  uri: 'https://northwind.example/',
  date: '2026-11-20',
  'date-time': '2026-11-20T16:40:12.481Z',
};

/**
 * An example that a schema takes, made from its JSON Schema and the names of its fields: with every optional field,
 * or all but one where two exclude each other, or only the demanded ones.
 * @param type what has to take it
 * @param definitions what its references name
 */
export function exampleOf(
  type: z.ZodType,
  schema: Json,
  resources: readonly string[],
  definitions: ReadonlyMap<string, Schema>,
): unknown {
  const place = { resources, parent: '', name: '' };
  const full = make(schema, place, definitions, false);
  const small = make(schema, place, definitions, true);
  const candidates = [full, ...allButOne(full, schema), small];
  return candidates.find((candidate) => type.safeParse(candidate).success) ?? small;
}

/** Without each of the optional fields, the last first: what comes first is the usual way. */
function allButOne(full: unknown, { properties = {}, required = [] }: Json): unknown[] {
  const optional = Object.keys(properties).filter((name) => !required.includes(name));
  return optional
    .toReversed()
    .map((left) => Object.fromEntries(Object.entries(full as object).filter(([name]) => name !== left)));
}

function make(
  schema: Json,
  place: Place,
  definitions: ReadonlyMap<string, Schema>,
  isSmall: boolean,
): unknown {
  const named = fieldOf(schema, place);
  if (named !== undefined) return named;
  if ('const' in schema) return schema.const;
  if (schema.$ref) {
    const definition = definitions.get(schema.$ref.split('/').at(-1) ?? '');
    // A recursive value's own default is the simplest there is.
    return definition && place.name !== '*'
      ? make(definition, { ...place, name: '*' }, definitions, isSmall)
      : 'text';
  }
  const [first] = schema.anyOf ?? schema.oneOf ?? [];
  if (first) return make(first, place, definitions, isSmall);
  if (schema.enum) return schema.enum[0];
  const go = (inner: Json, name: string, parent: string) =>
    make(inner, { resources: place.resources, parent, name }, definitions, isSmall);
  switch (typeOf(schema)) {
    case 'string':
      return textFor(schema);
    case 'integer':
    case 'number':
      return schema.default ?? Math.max(schema.minimum ?? 1, 1);
    case 'boolean':
      return schema.default ?? false;
    case 'array':
      return schema.items ? [go(schema.items, '', place.name || place.parent)] : [];
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => !isSmall || schema.required?.includes(name))
          .map(([name, inner]) => [name, go(inner, name, place.name || place.parent)]),
      );
    default:
      return null;
  }
}

/** What FIELDS has for this place, where the schema can take it. */
function fieldOf(schema: Json, { resources, parent, name }: Place): unknown {
  if (name === '') return undefined;
  const keys = [
    ...resources.map((resource) => `${resource}:${parent}.${name}`),
    `${parent}.${name}`,
    ...resources.map((resource) => `${resource}:${name}`),
    name,
  ];
  return keys
    .filter((key) => key in FIELDS)
    .map((key) => FIELDS[key])
    .find((value) => takes(schema, value));
}

/** Whether a value can be of a schema, by its kind and its rules for texts; the schema itself has the last word. */
function takes(schema: Json, value: unknown): boolean {
  const members = schema.anyOf ?? schema.oneOf;
  if (members) return members.some((member) => takes(member, value));
  if ('const' in schema) return schema.const === value;
  if (schema.enum) return schema.enum.includes(value);
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  // Anything, or what only its definition tells.
  if (schema.type === undefined) return true;
  const types = new Set([schema.type].flat());
  if (!types.has(kind) && !(kind === 'number' && types.has('integer'))) return false;
  return typeof value !== 'string' || takesText(schema, value);
}

const takesText = ({ pattern, minLength = 0 }: Json, text: string): boolean =>
  text.length >= minLength && (pattern === undefined || new RegExp(pattern).test(text));

const typeOf = ({ type }: Json): string | undefined => (Array.isArray(type) ? type[0] : type);

function textFor(schema: Json): string {
  const known = schema.format && FORMATS[schema.format];
  const candidates = [...(known ? [known] : []), ...TEXTS, 'x'.repeat(schema.minLength ?? 0)];
  return candidates.find((text) => takesText(schema, text)) ?? 'text';
}
