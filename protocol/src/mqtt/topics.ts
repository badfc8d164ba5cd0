import type { PacketType } from "../packet/packet.ts";
import { PACKET_TYPE_NUMBERS } from "../packet/shapes.ts";
import { isNetworkName } from "../parameters/parameters.ts";

/*
 * earshot/1/<network>/<hotspot>/up/{beacon,witness,status,reading}
 * earshot/1/<network>/<hotspot>/down/{verdict,receipt}
 * earshot/1/<network>/{entropy,keys}   retained
 */

type DownTopic = "verdict" | "receipt";

export const upTopic = (network: string, hotspot: string, type: PacketType): string =>
  `earshot/1/${network}/${hotspot}/up/${type}`;

export const downTopic = (network: string, hotspot: string, kind: DownTopic): string =>
  `earshot/1/${network}/${hotspot}/down/${kind}`;

/** What a hotspot subscribes to, besides the entropy. */
export const downFilter = (network: string, hotspot: string): string =>
  `earshot/1/${network}/${hotspot}/down/+`;

/** What the gateway subscribes to. */
export const allUpFilter = (network: string): string => `earshot/1/${network}/+/up/+`;

/** The newest key document, retained. */
export const keysTopic = (network: string): string => `earshot/1/${network}/keys`;

export const entropyTopic = (network: string): string => `earshot/1/${network}/entropy`;

interface UpTopic {
  network: string;
  hotspot: string;
  type: PacketType;
}

/** Parses an up topic; `undefined` for any other topic. */
export function parseUpTopic(topic: string): UpTopic | undefined {
  const parts = topic.split("/");
  const [root, version, network, hotspot, direction, type] = parts;
  if (parts.length !== 6 || root !== "earshot" || version !== "1" || direction !== "up") return undefined;
  if (network === undefined || hotspot === undefined || type === undefined) return undefined;
  if (!isNetworkName(network) || !/^[^+#]+$/.test(hotspot)) return undefined;
  return Object.hasOwn(PACKET_TYPE_NUMBERS, type)
    ? { network, hotspot, type: type as PacketType }
    : undefined;
}
