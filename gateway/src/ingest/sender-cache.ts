import { type PacketType, parseUpTopic } from "@earshot/protocol";
import { BoundedMap } from "@earshot/protocol/runtime";
import type { KeyCache, KnownKey } from "../access/key-cache.ts";

/** What an up topic says, and the key of the hotspot that it names. */
export interface TopicSender extends KnownKey {
  hotspotId: string;
  type: PacketType;
}

type SenderLookup = TopicSender | "wrong_topic" | "wrong_network" | "inadmissible_key";

/** Four topics a hotspot. */
const MAX_TOPICS = 65_536;

/** Up topics taken apart once: they come again with each packet. Keys are kept elsewhere. */
export class SenderCache {
  readonly #network: string;
  readonly #keys: KeyCache;
  readonly #topics = new BoundedMap<string, TopicSender>(MAX_TOPICS);

  constructor(network: string, keys: KeyCache) {
    this.#network = network;
    this.#keys = keys;
  }

  get(topic: string): SenderLookup {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const looked = this.#lookUp(topic);
    if (typeof looked === "string") return looked;
    this.#topics.set(topic, looked);
    return looked;
  }

  #lookUp(topic: string): SenderLookup {
    const parsed = parseUpTopic(topic);
    if (parsed === undefined) return "wrong_topic";
    if (parsed.network !== this.#network) return "wrong_network";
    const known = this.#keys.get(parsed.hotspot);
    if (known === "unknown_user") return "wrong_topic";
    if (known === "inadmissible_key") return known;
    return { ...known, hotspotId: parsed.hotspot, type: parsed.type };
  }
}
