import { EARLIEST_PLAUSIBLE_MS } from "@earshot/protocol/hotspot";
import type { AgentStatus, EntropyFacts } from "../board/agent-status.ts";
import { attention, broken, ok, type Part } from "./part.ts";
import { clockDifferenceText, compareTimes, MAX_OFF_MS } from "./time-sources.ts";
import { ago, duration, minuteText } from "./time-text.ts";

const TITLE = "Clock and entropy";
const FIRST_ENTROPY_MS = 120_000;
const COMPARE =
  "Compare both with another clock (date -u): then sudo timedatectl set-ntp true, or restart the receiver.";
/** Where the receiver sets the clock, the two are one source. */
const NETWORK_OFF =
  "Compare with another clock (date -u): if this one is right, tell the network's operator; if not, the receiver sets it wrongly.";
const GATEWAY_DOWN = "GPS agrees with this machine's clock: the network's gateway is down.";
const COMPARE_CLOCK =
  "Compare this machine's clock with a watch; if it is right, the network's gateway is down.";
const NETWORK_STEPPED =
  "Compare with another clock (date -u): if this one is right there is nothing to do here but to tell the network's operator; it goes on by itself.";
const SET_CLOCK = "Set the clock: sudo timedatectl set-ntp true, or run chrony with the GPS.";

/** Is this machine's time right, and does the network's entropy arrive? Without either no beacon counts. */
export function clockPart(status: AgentStatus): Part {
  const { atMs, entropy } = status;
  const verdict = compareTimes(status);
  if (atMs < EARLIEST_PLAUSIBLE_MS) {
    const gpsText =
      verdict === undefined || verdict.isGpsWrong ? "" : `; GPS says ${minuteText(verdict.receiverMs)}`;
    return broken(TITLE, `The clock stands at ${minuteText(atMs)}${gpsText}`, SET_CLOCK);
  }
  // A receiver whose time is wrong is reported in the part GPS and does not count here.
  if (verdict?.isHostWrong && verdict.isGpsWrong) {
    return broken(TITLE, `The clock stands at ${minuteText(atMs)}`, SET_CLOCK);
  }
  if (verdict !== undefined && !verdict.isGpsWrong && Math.abs(verdict.offMs) > MAX_OFF_MS) {
    const text = clockDifferenceText(verdict);
    if (!verdict.isHostWrong) return attention(TITLE, text, COMPARE);
    return verdict.byNetwork ? broken(TITLE, text, SET_CLOCK) : attention(TITLE, text, SET_CLOCK);
  }
  const agrees = verdict !== undefined && !verdict.isGpsWrong;
  return entropy === undefined ? noEntropy(status) : entropyPart(entropy, status, agrees);
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

/** @param gpsAgrees this machine's clock and a receiver agree */
function entropyPart(
  { atMs: entropyMs, receivedAtMs, periodMs, isChainBroken, isLive, aheadMs }: EntropyFacts,
  { atMs, broker }: AgentStatus,
  gpsAgrees: boolean,
): Part {
  const ageMs = atMs - entropyMs;
  if (ageMs < -MAX_OFF_MS && gpsAgrees) {
    const text = `The network's time is at least ${duration(-ageMs)} ahead of this machine's clock and of GPS`;
    return broken(TITLE, text, NETWORK_OFF);
  }
  // Before this entropy the network agreed with this machine's clock, which has not been set since.
  if (ageMs < -MAX_OFF_MS && ageMs + aheadMs >= -MAX_OFF_MS) {
    const text = `The network's time went ahead by ${duration(aheadMs)} at once, and this machine's clock did not`;
    return broken(TITLE, text, NETWORK_STEPPED);
  }
  if (ageMs < -MAX_OFF_MS) {
    return broken(TITLE, `The clock is at least ${duration(-ageMs)} behind the network's`, SET_CLOCK);
  }
  if (ageMs > 3 * periodMs && isLive && atMs - receivedAtMs < 2 * periodMs) {
    const came = `whose entropy came ${ago(receivedAtMs, atMs)}`;
    if (!gpsAgrees)
      return broken(TITLE, `The clock is ${duration(ageMs)} ahead of the network's, ${came}`, SET_CLOCK);
    const text = `This machine's clock and GPS are ${duration(ageMs)} ahead of the network's, ${came}`;
    return broken(TITLE, text, NETWORK_OFF);
  }
  if (ageMs > 3 * periodMs) {
    const text = `The last entropy is ${duration(ageMs)} old`;
    if (broker.state !== "ok") return broken(TITLE, text, "It comes through the broker: look there.");
    return broken(TITLE, text, gpsAgrees ? GATEWAY_DOWN : COMPARE_CLOCK);
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
