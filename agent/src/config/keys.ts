import { z } from "zod";
import { configSchema } from "./schema.ts";

/** One key of the configuration file. */
export interface ConfigKey {
  /** `["hotspot", "region"]` */
  path: string[];
  isNumber: boolean;
}

/** All keys of all variants, in the order of the schema. */
export const configKeys = (): ConfigKey[] => uniqueByPath(keysOf(configSchema, []));

/** `EARSHOT_AGENT_HOTSPOT_REGION` */
export const environmentName = ({ path }: ConfigKey): string =>
  `EARSHOT_AGENT_${path.join("_").toUpperCase()}`;

function keysOf(schema: unknown, path: string[]): ConfigKey[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) {
    return keysOf(schema.def.innerType, path);
  }
  if (schema instanceof z.ZodDiscriminatedUnion) {
    return schema.def.options.flatMap((option) => keysOf(option, path));
  }
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, value]) => keysOf(value, [...path, key]));
  }
  return [{ path, isNumber: schema instanceof z.ZodNumber }];
}

function uniqueByPath(keys: readonly ConfigKey[]): ConfigKey[] {
  return [...new Map(keys.map((key) => [key.path.join("."), key])).values()];
}
