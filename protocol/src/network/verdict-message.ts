import { bytes, integer, list, oneOf, record, text } from "../packet/fields.ts";
import { timeMs } from "../packet/shapes.ts";
import { messageCodec } from "./message.ts";

/** A number that a rule measured: an integer, with the unit in the name (`distanceM`, `rssiDbm`). */
export interface Measurement {
  name: string;
  value: number;
}

/** `unpaid`: nothing is wrong with the report, but it earns nothing (not drawn, or nobody heard the beacon). */
export const OUTCOMES = ["paid", "refused", "unpaid"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The answer to one beacon or witness report. */
export interface VerdictNotice {
  /** SHA-256 of the packet. */
  packetId: Uint8Array;
  /** When the gateway first received it; of a packet that it did not store, when it refused it. */
  receivedAtMs: number;
  outcome: Outcome;
  /** `ok`, a rule's reason, or a decode refusal. */
  reason: string;
  measurements: Measurement[];
}

interface VerdictNotices {
  atMs: number;
  /** Whose reports they are: 32-byte public key. */
  hotspot: Uint8Array;
  /** `parametersHash` of the rules that these reports were judged by. */
  parametersHash: Uint8Array;
  verdicts: VerdictNotice[];
}

const measurement = record<Measurement>({ name: text(40), value: integer(-(2 ** 47), 2 ** 47) });

const notice = record<VerdictNotice>({
  packetId: bytes(32),
  receivedAtMs: timeMs,
  outcome: oneOf(OUTCOMES),
  reason: text(40),
  measurements: list(measurement, 12),
});

export const MAX_VERDICTS_PER_MESSAGE = 64;

/** Sent on the hotspot's verdict topic once the beacon's report deadline has passed. */
export const verdictMessage = messageCodec<VerdictNotices>(
  7,
  record<VerdictNotices>({
    atMs: timeMs,
    hotspot: bytes(32),
    parametersHash: bytes(32),
    verdicts: list(notice, MAX_VERDICTS_PER_MESSAGE),
  }),
  1,
  { role: "downlink", atMs: ({ atMs }) => atMs },
);
