import {
  DEFAULT_PARAMETERS,
  PARAMETER_RANGES,
  WHOLE_PARAMETERS,
  type WholeParameter,
} from "@earshot/protocol";
import { wholeIn } from "@earshot/protocol/runtime/config";
import type { z } from "zod";

/** Counted by the gateway itself as parameters change. */
const NOT_CONFIGURED: readonly WholeParameter[] = ["version", "activationEpoch"];

/** Key of a parameter in the configuration: `maxDistanceM` is `max_distance_m`. */
export const keyOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** One key for each whole number among the parameters, with the protocol's range and default. */
export const wholeParameterKeys: Readonly<Record<string, z.ZodDefault<z.ZodInt>>> = Object.fromEntries(
  WHOLE_PARAMETERS.filter((name) => !NOT_CONFIGURED.includes(name)).map((name) => {
    const [min, max] = PARAMETER_RANGES[name];
    return [keyOf(name), wholeIn(min, max).default(DEFAULT_PARAMETERS[name])];
  }),
);
