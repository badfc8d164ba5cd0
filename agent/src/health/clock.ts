import { EARLIEST_PLAUSIBLE_MS } from "@earshot/protocol/hotspot";
import type { AgentStatus, EntropyFacts } from "../board/facts.ts";
import { ago, duration } from "./age.ts";
import { attention, broken, ok, type Part } from "./part.ts";

const TITLE = "Clock and entropy";
/** Judging tolerates 2 s. */
const MAX_OFF_MS = 2000;
const FIRST_ENTROPY_MS = 120_000;
const SET_CLOCK = "Set the clock: sudo timedatectl set-ntp true, or run chrony with the GPS.";

/** Is this machine's time right, and does the network's entropy arrive? Without either no beacon counts. */
export function clockPart(status: AgentStatus): Part {
  const { atMs, entropy } = status;
  if (atMs < EARLIEST_PLAUSIBLE_MS) {
    return broken(TITLE, `The clock stands at ${new Date(atMs).toISOString().slice(0, 16)}`, SET_CLOCK);
  }
  const offMs = gpsOffsetMs(status);
  if (offMs !== undefined && Math.abs(offMs) > MAX_OFF_MS) {
    return attention(TITLE, `The clock is ${duration(offMs)} off GPS time`, SET_CLOCK);
  }
  return entropy === undefined ? noEntropy(status) : entropyPart(entropy, status);
}

/** How far ahead of the receiver's time the host is, for a reading with a fix. Serial lines delay by up to a second. */
function gpsOffsetMs({ gps }: AgentStatus): number | undefined {
  const reading = gps?.reading;
  if (reading?.timeMs === undefined || reading.mode < 2) return undefined;
  return reading.atMs - reading.timeMs;
}

function noEntropy({ broker, atMs }: AgentStatus): Part {
  if (broker.state !== "ok") return attention(TITLE, "No entropy yet: it comes through the broker");
  const forMs = atMs - broker.sinceMs;
  if (forMs < FIRST_ENTROPY_MS) return attention(TITLE, "Waiting for the network's entropy");
  return broken(
    TITLE,
    `No entropy in ${duration(forMs)}`,
    "Check [network] name and public_key; if they are right, the network's gateway is down.",
  );
}

function entropyPart(
  { atMs: entropyMs, periodMs, isChainBroken }: EntropyFacts,
  { atMs, broker }: AgentStatus,
): Part {
  const ageMs = atMs - entropyMs;
  if (ageMs < -MAX_OFF_MS) {
    return broken(TITLE, `The clock is at least ${duration(-ageMs)} behind the network's`, SET_CLOCK);
  }
  if (ageMs > 3 * periodMs) {
    const advice =
      broker.state === "ok"
        ? `Compare this machine's clock with a watch; if it is right, the network's gateway is down.`
        : "It comes through the broker: look there.";
    return broken(TITLE, `The last entropy is ${duration(ageMs)} old`, advice);
  }
  if (isChainBroken) {
    return attention(
      TITLE,
      "The network's entropy did not continue its chain",
      "Tell the network's operator.",
    );
  }
  return ok(TITLE, `Entropy of ${ago(entropyMs, atMs)}`);
}
