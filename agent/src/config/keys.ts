import { z } from "zod";
import { configSchema } from "./schema.ts";

/** One key of the configuration file. */
interface ConfigKey {
  /** `["hotspot", "region"]` */
  path: string[];
  kind: "text" | "number" | "flag";
  /** In a table of which there may be several, which the environment cannot name. */
  isRepeated: boolean;
}

/** All keys of all variants, in the order of the schema. */
export const configKeys = (): ConfigKey[] => uniqueByPath(keysOf(configSchema, [], false));

/** Those that the environment can set. */
export const environmentKeys = (): ConfigKey[] => configKeys().filter(({ isRepeated }) => !isRepeated);

/** `EARSHOT_AGENT_HOTSPOT_REGION` */
export const environmentName = ({ path }: Pick<ConfigKey, "path">): string =>
  `EARSHOT_AGENT_${path.join("_").toUpperCase()}`;

/** A value of the environment as the key's kind of value; as it is when it is none. */
export function environmentValue({ kind }: ConfigKey, value: string | undefined): unknown {
  if (value === undefined || value.trim() === "") return value;
  if (kind === "number" && !Number.isNaN(Number(value))) return Number(value);
  if (kind === "flag" && ["true", "false"].includes(value)) return value === "true";
  return value;
}

function keysOf(schema: unknown, path: string[], isRepeated: boolean): ConfigKey[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    return keysOf(schema.def.innerType, path, isRepeated);
  }
  if (schema instanceof z.ZodArray) return keysOf(schema.def.element, path, true);
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
