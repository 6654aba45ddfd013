import { createHash } from 'node:crypto';
import { z } from 'zod';

/** A JSON Schema (2020-12), which is what OpenAPI 3.1 takes. */
export type Schema = Record<string, unknown>;

/** Converts, and keeps what the conversions have in common as components. */
export type Schemas = ReturnType<typeof createSchemas>;

/**
 * Zod's own conversion, not zod-to-openapi's: that one follows the recursion of `z.json()` until the stack ends,
 * and calls the default of a `stringbool` a boolean where the wire has a string.
 *
 * What `$defs` holds (recursive schemas, and those with an id in `.meta()`) becomes a component.
 */
export function createSchemas() {
  const components = new Map<string, Schema>();

  /** As the schema takes it in: what a client sends, and what a handler returns. */
  function toSchema(type: z.ZodType): Schema {
    const converted = z.toJSONSchema(type, { io: 'input', unrepresentable: 'any', override: withoutNoise });
    const {
      $schema: _,
      $defs: definitions = {},
      ...schema
    } = converted as Schema & {
      $defs?: Record<string, Schema>;
    };
    const names = new Map(
      Object.entries(definitions).map(([key, value]) => [key, componentName(key, value)]),
    );
    for (const [key, definition] of Object.entries(definitions)) {
      components.set(names.get(key) ?? key, withReferences(definition, names));
    }
    return withReferences(schema, names);
  }

  return { toSchema, components };
}

/** Every `.int()` carries the bounds of a safe integer, which tell a reader nothing. */
function withoutNoise({ jsonSchema }: { jsonSchema: Schema }): void {
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
}

/** Zod numbers what has no id within one conversion only; named after its content it is the same in each. */
function componentName(key: string, definition: Schema): string {
  if (!key.startsWith('__schema')) return key;
  const content = JSON.stringify(definition).replaceAll(`#/$defs/${key}`, '#');
  if (content === jsonValue()) return 'JsonValue';
  return `Recursive${createHash('sha256').update(content).digest('hex').slice(0, 8)}`;
}

const jsonValue = (): string => {
  const { $defs } = z.toJSONSchema(z.strictObject({ json: z.json() }), { io: 'input' });
  const [[key, definition] = ['', {}]] = Object.entries($defs ?? {});
  return JSON.stringify(definition).replaceAll(`#/$defs/${key}`, '#');
};

function withReferences(schema: Schema, names: ReadonlyMap<string, string>): Schema {
  const text = JSON.stringify(schema).replace(
    /"\$ref":"#\/\$defs\/([^"]+)"/g,
    (_, key: string) => `"$ref":"#/components/schemas/${names.get(key) ?? key}"`,
  );
  return JSON.parse(text) as Schema;
}
