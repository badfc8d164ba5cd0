import { z } from "zod";

/** One key of a configuration file. */
export interface ConfigKey {
  /** `["hotspot", "region"]` */
  path: string[];
  kind: "text" | "number" | "flag";
  /** In a table of which there may be several, or whose keys are anybody's: the environment cannot name it. */
  isRepeated: boolean;
}

/** All keys of all variants of a schema, in its order. */
export const configKeys = (schema: z.ZodType): ConfigKey[] => uniqueByPath(keysOf(schema, [], false));

function keysOf(schema: unknown, path: string[], isRepeated: boolean): ConfigKey[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    return keysOf(schema.def.innerType, path, isRepeated);
  }
  if (schema instanceof z.ZodArray) return keysOf(schema.def.element, path, true);
  if (schema instanceof z.ZodRecord) return [{ path, kind: "text", isRepeated: true }];
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return schema.def.options.flatMap((option) => keysOf(option, path, isRepeated));
  }
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, value]) => keysOf(value, [...path, key], isRepeated));
  }
  return [{ path, kind: kindOf(schema), isRepeated }];
}

function kindOf(schema: unknown): ConfigKey["kind"] {
  if (schema instanceof z.ZodNumber) return "number";
  if (schema instanceof z.ZodBoolean) return "flag";
  const isNumeric = schema instanceof z.ZodLiteral && typeof schema.def.values[0] === "number";
  return isNumeric ? "number" : "text";
}

function uniqueByPath(keys: readonly ConfigKey[]): ConfigKey[] {
  return [...new Map(keys.map((key) => [key.path.join("."), key])).values()];
}
