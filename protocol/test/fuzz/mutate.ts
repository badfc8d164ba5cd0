import type { Random } from "../../src/time/clock.ts";

/** Heads that promise more than comes, lengths that wrap round 32 and 64 bits, items of kinds that Earshot has not. */
const HOSTILE = [
  ..."5affffffff 5afffffffb 5a7fffffff 7affffffff 9affffffff baffffffff 5bffffffffffffffff 5b00000001000000ff".split(
    " ",
  ),
  ..."9b0000000100000000 bb8000000000000000 1bffffffffffffffff 3bffffffffffffffff 5f4100ff 7f6100ff 9fff bfff".split(
    " ",
  ),
  ..."fb7ff8000000000000 fa3f800000 f93c00 f4 f5 f7 f800 f8ff ff 1c c0 d2 d818 a0 a10000 80 8180 6180 62c3 62c0af".split(
    " ",
  ),
].map((hex) => Uint8Array.fromHex(hex));

/** One to six changes of any kind anywhere in one of `seeds`. */
export function mutated(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  const below = (limit: number) => Math.floor(random() * limit);
  let bytes = Array.from(seeds[below(seeds.length)] as Uint8Array);
  for (let changes = 1 + below(6); changes > 0; changes--) {
    const at = below(bytes.length + 1);
    switch (below(8)) {
      case 0:
        bytes[at % Math.max(1, bytes.length)] = below(256);
        break;
      case 1:
        bytes[at % Math.max(1, bytes.length)] = (bytes[at] ?? 0) ^ (1 << below(8));
        break;
      case 2:
        bytes.splice(at, 1 + below(8));
        break;
      case 3:
        bytes.splice(at, 0, ...Array.from({ length: 1 + below(4) }, () => below(256)));
        break;
      case 4:
        bytes.splice(at, below(6), ...(HOSTILE[below(HOSTILE.length)] as Uint8Array));
        break;
      case 5:
        bytes = bytes.slice(0, at);
        break;
      case 6:
        bytes.splice(at, 0, ...bytes.slice(below(bytes.length + 1), at));
        break;
      default:
        bytes = [...new Array(below(20)).fill(0x81 + below(3)), ...bytes];
    }
    bytes = bytes.slice(0, 4096);
  }
  return Uint8Array.from(bytes);
}
