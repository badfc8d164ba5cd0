import { z } from "zod";
import type { SocketAddress } from "../driver.ts";

/*
 * Kinds of value in the configuration file. Each key's error text completes the sentence
 * "KEY is VALUE; allowed is …".
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

const quoted = (choices: readonly string[]) => choices.map((choice) => `"${choice}"`).join(", ");

/** What is allowed of a fixed list. */
export const oneOfText = (choices: readonly string[]): string => `one of ${quoted(choices)}`;

export const oneOf = <const T extends readonly [string, ...string[]]>(choices: T) =>
  z.enum(choices, { error: oneOfText(choices) });

export const path = text("a path");

export const listen = textThat(
  (value) => parseAddress(value) !== undefined,
  "an address such as 127.0.0.1:1700",
);

export const host = text("a host name or address");
export const port = wholeIn(1, 65_535);
export const baud = wholeIn(1200, 921_600);

/** `host:port` or `[IPv6]:port`; `undefined` for anything else. */
export function parseAddress(text: string): SocketAddress | undefined {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  return port > 65_535 ? undefined : { host: match[1] ?? match[2] ?? "", port };
}

/** An address that the schema has accepted. */
export function addressOf(text: string): SocketAddress {
  const address = parseAddress(text);
  if (address === undefined) throw new TypeError("The configuration was not checked");
  return address;
}
