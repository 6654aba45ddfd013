import fc from 'fast-check';
import { z } from 'zod';

/** What of JSON Schema our requests use. */
interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  format?: string;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  minItems?: number;
  maxItems?: number;
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  propertyNames?: JsonSchema;
}

/** As long as a text gets where the schema lets it be longer: hostile values are for the rest. */
const LONGEST = 60;
const MOST_ITEMS = 3;
/** What may be anything, or refers to itself, ends at this depth. */
const DEEPEST = 2;

export const jsonSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** The names that an object may have, in whichever member of a union. */
export const namesOf = (schema: JsonSchema): string[] => [
  ...Object.keys(schema.properties ?? {}),
  ...(schema.anyOf ?? schema.oneOf ?? []).flatMap(namesOf),
];

/**
 * Inputs that fit a schema, as far as JSON Schema tells.
 * @param ids those of things that there are: half of the ids that are made are one of them
 */
export function valuesOf(schema: z.ZodType, ids: readonly string[]): fc.Arbitrary<unknown> {
  const root = jsonSchemaOf(schema);
  const anyId = fc.oneof(fc.uuid(), ...(ids.length > 0 ? [fc.constantFrom(...ids)] : []));

  function values(node: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    if (node.$ref !== undefined) return referred(node.$ref, depth);
    if ('const' in node) return fc.constant(node.const);
    if (node.enum) return fc.constantFrom(...node.enum);
    const members = node.anyOf ?? node.oneOf;
    if (members) return fc.oneof(...members.map((member) => values(member, depth)));
    if (Array.isArray(node.type)) {
      return fc.oneof(...node.type.map((type) => values({ ...node, type }, depth)));
    }
    switch (node.type) {
      case 'string':
        return texts(node);
      case 'integer':
        return fc.integer(boundsOf(node, -1_000_000, 1_000_000));
      case 'number':
        return fc.double({ ...boundsOf(node, -1e9, 1e9), noNaN: true });
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      case 'array':
        return fc.array(values(node.items ?? {}, depth), {
          minLength: node.minItems ?? 0,
          maxLength: Math.max(node.minItems ?? 0, Math.min(node.maxItems ?? MOST_ITEMS, MOST_ITEMS)),
        });
      case 'object':
        return objects(node, depth);
      default:
        return fc.jsonValue({ maxDepth: DEEPEST });
    }
  }

  function referred(reference: string, depth: number): fc.Arbitrary<unknown> {
    const name = reference.replace('#/$defs/', '');
    const node = reference === '#' ? root : root.$defs?.[name];
    if (!node) throw new Error(`The schema refers to ${reference}, which it does not have.`);
    return depth >= DEEPEST ? fc.jsonValue({ maxDepth: 1 }) : values(node, depth + 1);
  }

  function objects(node: JsonSchema, depth: number): fc.Arbitrary<unknown> {
    const { properties = {}, required = [], additionalProperties: others, propertyNames } = node;
    const named = fc.record(
      Object.fromEntries(Object.entries(properties).map(([key, child]) => [key, values(child, depth)])),
      { requiredKeys: required.filter((key) => key in properties), noNullPrototype: true },
    );
    if (typeof others !== 'object' || Object.keys(properties).length > 0) return named;
    const keys = (propertyNames ? values(propertyNames, depth) : fc.string()) as fc.Arbitrary<string>;
    return fc.dictionary(keys, values(others, depth), { maxKeys: MOST_ITEMS, noNullPrototype: true });
  }

  function texts({ format, pattern, minLength = 0, maxLength = LONGEST }: JsonSchema): fc.Arbitrary<string> {
    if (format === 'uuid') return anyId;
    if (format === 'uri') return fc.webUrl();
    if (format === 'email') return fc.emailAddress();
    if (format === 'date') return dates().map((date) => date.slice(0, 10));
    if (format === 'date-time') return dates();
    if (pattern !== undefined) return matching(pattern, maxLength);
    const maximum = Math.max(minLength, Math.min(maxLength, LONGEST));
    return fc.string({ unit: 'grapheme', minLength, maxLength: maximum });
  }

  return values(root, 0);
}

/** fast-check can't make what a lookahead demands, only see whether it came about. */
function matching(pattern: string, maxLength: number): fc.Arbitrary<string> {
  const whole = new RegExp(pattern);
  const makeable = new RegExp(pattern.replaceAll(/\(\?[=!][^)]*\)/g, ''));
  return fc.stringMatching(makeable, { maxLength }).filter((text) => whole.test(text));
}

const dates = () =>
  fc
    .date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59Z'),
      noInvalidDate: true,
    })
    .map((date) => date.toISOString());

function boundsOf({ minimum, maximum, exclusiveMinimum }: JsonSchema, least: number, most: number) {
  const min = minimum ?? exclusiveMinimum ?? least;
  return { min, max: Math.max(min, maximum ?? most) };
}
