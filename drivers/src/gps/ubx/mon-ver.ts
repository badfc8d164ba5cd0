import { omitUndefined } from "@earshot/protocol/runtime";
import type { Payload } from "./payload.ts";

/** MON-VER: what the receiver is. */
export interface MonVer {
  kind: "mon-ver";
  softwareVersion: string;
  hardwareVersion: string;
  extensions: string[];
  /** Of the UBX protocol, for example 27.12. */
  protocolVersion?: number;
  /** For example NEO-M9N; newer firmware only. */
  module?: string;
  /** u-blox generation: 5 to 8, 9, 10; undefined when the hardware number is an unknown one. */
  generation?: number;
}

const GENERATIONS: Readonly<Record<string, number>> = {
  "00040005": 5,
  "00040007": 6,
  "00070000": 7,
  "00080000": 8,
  "00190000": 9,
  "000A0000": 10,
};

/** MON-VER, class 0A id 04, 40 + 30 n bytes (M8, F9: UBX-MON-VER): texts that end in zero. */
export function decodeMonVer(p: Payload): MonVer | undefined {
  if (p.length < 40 || (p.length - 40) % 30 !== 0) return undefined;
  const extensions = Array.from({ length: (p.length - 40) / 30 }, (_, index) => p.text(40 + 30 * index, 30));
  const hardwareVersion = p.text(30, 10);
  return omitUndefined<MonVer>({
    kind: "mon-ver",
    softwareVersion: p.text(0, 30),
    hardwareVersion,
    extensions,
    protocolVersion: protocolVersion(extensions),
    module: extensions.map((text) => /^MOD=(.+)$/.exec(text)?.[1]).find((name) => name !== undefined),
    generation: GENERATIONS[hardwareVersion.toUpperCase()],
  });
}

/** `PROTVER=27.12`, of older firmware `PROTVER 15.00`. */
function protocolVersion(extensions: readonly string[]): number | undefined {
  for (const text of extensions) {
    const match = /^PROTVER[ =](\d{1,3}\.\d{1,3})$/.exec(text);
    if (match?.[1] !== undefined) return Number(match[1]);
  }
  return undefined;
}
