import { z } from "zod";

/*
 * Kinds of value in a configuration file. Each key's error text completes the sentence "KEY is VALUE; allowed is …".
 */

export const text = (error: string) => z.string({ error }).min(1, { error });

export const textThat = (holds: (value: string) => boolean, error: string) =>
  z.string({ error }).refine(holds, { error });

export const numberIn = (min: number, max: number) => {
  const error = `a number from ${min} to ${max}`;
  return z.number({ error }).min(min, { error }).max(max, { error });
};

export const wholeIn = (min: number, max: number) => {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

export const flag = z.boolean({ error: "true or false" });

/** What is allowed of a fixed list. */
export const oneOfText = (choices: readonly string[]): string =>
  `one of ${choices.map((choice) => `"${choice}"`).join(", ")}`;

export const oneOf = <const T extends readonly [string, ...string[]]>(choices: T) =>
  z.enum(choices, { error: oneOfText(choices) });

export const path = text("a path");
export const host = text("a host name or address");
