import { randomUUID } from 'node:crypto';
import { z } from 'zod';

/** What of JSON Schema our request bodies use. */
interface JsonSchema {
  type?: string;
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  format?: string;
  pattern?: string;
  minLength?: number;
  minimum?: number;
  minItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
}

/** Texts of which one fits each pattern that our schemas have. */
const TEXTS = [
  'a text',
  '#336699',
  '8px',
  'localhost',
  'https://example.test/',
  'someone@example.test',
  'UTC',
  'X-Header',
  'sandbox/echo',
  '492039',
];

const jsonSchemaOf = (schema: z.ZodType): JsonSchema =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** More members than any of our unions has. */
const MAX_MEMBERS = 8;

/** A small input that a schema takes, made from the schema itself, so that a new route needs no example. */
export function sampleOf(schema: z.ZodType): unknown {
  const json = jsonSchemaOf(schema);
  const optional = Object.keys(json.properties ?? {}).filter((key) => !json.required?.includes(key));
  for (let member = 0; member < MAX_MEMBERS; member += 1) {
    const smallest = sample(json, member);
    if (schema.safeParse(smallest).success) return smallest;
    // A PATCH demands at least one of its optional fields.
    for (const key of optional) {
      const body = { ...(smallest as object), [key]: sample(json.properties?.[key] ?? {}, member) };
      if (schema.safeParse(body).success) return body;
    }
  }
  throw new Error(`No sample of this schema is valid: ${JSON.stringify(sample(json, 0))}`);
}

/** The fields of an object schema; of a union, those of its first member, which is what samples are made of. */
export function fieldsOf(schema: z.ZodType): string[] {
  const json = jsonSchemaOf(schema);
  return Object.keys((json.anyOf ?? json.oneOf)?.[0]?.properties ?? json.properties ?? {});
}

/** @param member which member of each union is taken: rules that JSON Schema can't tell may refuse the first */
function sample(schema: JsonSchema, member: number): unknown {
  if ('const' in schema) return schema.const;
  if (schema.enum) return schema.enum[0];
  if ('default' in schema) return schema.default;
  const members = schema.anyOf ?? schema.oneOf;
  if (members?.length) return sample(members[member % members.length] ?? {}, member);
  switch (schema.type) {
    case 'string':
      return sampleText(schema);
    case 'integer':
    case 'number':
      return Math.max(schema.minimum ?? 1, 1);
    case 'boolean':
      return false;
    case 'array':
      return Array.from({ length: schema.minItems ?? 0 }, () => sample(schema.items ?? {}, member));
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((key) => [key, sample(schema.properties?.[key] ?? {}, member)]),
      );
    default:
      return null;
  }
}

function sampleText({ format, pattern, minLength = 0 }: JsonSchema): string {
  if (format === 'uuid') return randomUUID();
  const fits = (text: string) =>
    text.length >= minLength &&
    (pattern === undefined || new RegExp(pattern).test(text)) &&
    (format !== 'uri' || URL.canParse(text));
  const found = [...TEXTS, 'x'.repeat(minLength)].find(fits);
  if (found === undefined) throw new Error(`No text fits ${pattern ?? format}: add one to TEXTS.`);
  return found;
}
