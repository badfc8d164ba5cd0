import { MAX_GWMP_BYTES } from "./gwmp-datagram.ts";
import { parseTolerantJson, type TolerantJson, type TolerantObject } from "./tolerant-json.ts";

export interface PushData {
  rxpks: TolerantObject[];
  stats: TolerantObject[];
  /** Places where the text did not fit the grammar: each cost at most the object around it. */
  damages: number;
}

/** Names distinguished from other objects by shape: after damage the enclosing key may be gone. */
const RXPK_KEYS = [
  "tmst",
  "chan",
  "rfch",
  "freq",
  "stat",
  "modu",
  "datr",
  "codr",
  "rssi",
  "lsnr",
  "size",
  "data",
];
const STAT_KEYS = ["rxnb", "rxok", "rxfw", "ackr", "dwnb", "txnb", "lati", "long", "alti", "temp"];
const ENOUGH_RXPK_KEYS = 4;
const ENOUGH_STAT_KEYS = 3;

/**
 * The objects in the JSON of a PUSH_DATA. Where the text as a whole does not parse, every object in it that does is
 * still read: a damaged rxpk never costs its neighbours or the stat, and a truncated stat never costs the rxpk.
 *
 * Parsing starts anew at each brace, and still takes linear time. Two tries that reach the same byte read it in one
 * of two ways, within a string or not; those that read it the same way are nested, so no more than `MAX_JSON_DEPTH`.
 */
export function readPushData(json: Uint8Array): PushData {
  const text = new TextDecoder().decode(json.subarray(0, MAX_GWMP_BYTES));
  const found: PushData = { rxpks: [], stats: [], damages: 0 };
  let start = text.indexOf("{");
  if (start < 0) found.damages = 1;
  let lastDamageAt = -1;
  while (start >= 0) {
    const parsed = parseTolerantJson(text, start);
    if (parsed.ok) {
      collect(parsed.value, undefined, found);
      start = text.indexOf("{", parsed.end);
      continue;
    }
    // The objects around a damage all fail at the same place: one damage.
    if (parsed.at > lastDamageAt) {
      found.damages += 1;
      lastDamageAt = parsed.at;
    }
    start = text.indexOf("{", start + 1);
  }
  return found;
}

function collect(value: TolerantJson, key: string | undefined, found: PushData): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, key, found);
  } else if (value instanceof Map) {
    collectObject(value, key, found);
  } else if (key === "rxpk") {
    found.damages += 1;
  }
}

function collectObject(object: TolerantObject, key: string | undefined, found: PushData): void {
  if (key === "rxpk" || hasKeys(object, RXPK_KEYS, ENOUGH_RXPK_KEYS)) found.rxpks.push(object);
  else if (key === "stat" || hasKeys(object, STAT_KEYS, ENOUGH_STAT_KEYS)) found.stats.push(object);
  for (const [name, value] of object) {
    if (typeof value === "object" || name === "rxpk") collect(value, name, found);
  }
}

function hasKeys(object: TolerantObject, keys: readonly string[], enough: number): boolean {
  let count = 0;
  for (const key of keys) if (object.has(key)) count += 1;
  return count >= enough;
}
