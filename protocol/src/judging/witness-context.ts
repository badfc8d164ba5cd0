import type { DerivedBeacon } from "../beacon/derive.ts";
import { witnessClaim } from "../beacon/frame.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { distanceM } from "../math/geo.ts";
import type { Hotspot } from "../registry/registry.ts";
import type { JudgingContext, ReceivedBeacon, ReceivedWitness } from "./types.ts";

/** The beacon that a witness report is about, as judged. */
export interface JudgedBeacon {
  report: ReceivedBeacon;
  hotspot: Hotspot;
  derived: DerivedBeacon;
  /** The rule that refused it, if one did. */
  refusal: string | undefined;
}

/** A witness report of a registered hotspot. */
export interface WitnessContext {
  report: ReceivedWitness;
  hotspot: Hotspot;
  /** The hotspot's first report, by sequence number, of the frame that was sent. */
  first: ReceivedWitness | undefined;
  /** Absent when nobody registered reported that beacon in time. */
  beacon: JudgedBeacon | undefined;
  judging: JudgingContext;
}

/** A witness report whose beacon is known: what all rules except the first judge by. */
export interface MatchedContext extends WitnessContext {
  beacon: JudgedBeacon;
  /** Between the asserted positions, whole metres. */
  distanceM: number;
}

/** Whether this is what the witness claims to have heard. */
export const isOfFrame = ({ packet, publicKey }: ReceivedWitness, frame: Uint8Array): boolean =>
  equalBytes(packet.claim, witnessClaim(frame, publicKey));

/** Adds what several rules need, computed once. */
export const matchBeacon = (
  { report, hotspot, first, judging }: WitnessContext,
  beacon: JudgedBeacon,
): MatchedContext => ({
  report,
  hotspot,
  first,
  beacon,
  judging,
  distanceM: distanceM(beacon.hotspot, hotspot),
});
