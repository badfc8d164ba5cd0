import { textThat, wholeIn } from "@earshot/protocol/runtime/config";
import type { SocketAddress } from "../driver.ts";

/* Kinds of value that devices have in the configuration, beside those of `@earshot/protocol/runtime/config`. */

export const listen = textThat(
  (value) => parseAddress(value) !== undefined,
  "an address such as 127.0.0.1:1700",
);

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
