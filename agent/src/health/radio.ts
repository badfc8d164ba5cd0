import type { AgentStatus, ForwarderFacts, RadioFacts } from "../board/facts.ts";
import { ago, duration } from "./age.ts";
import { type DeviceWords, deviceProblem } from "./device.ts";
import { crcErrorText, hearingProblem, reachText } from "./hearing.ts";
import { attention, broken, ok, type Part } from "./part.ts";
import { refusalProblem, sharedEuiProblem } from "./refusals.ts";
import { rolloverFault } from "./time-witnesses.ts";

const TITLE = "Radio";
/** Forwarders send PULL_DATA each 5 to 10 s. */
const FORWARDER_SILENT_MS = 90_000;
const FIRST_CONTACT_MS = 60_000;
/** From so many on, and such a share of all frames. */
const MANY_STALE = 100;
const STALE_ONE_IN = 10;
const QUIET_MS = 3_600_000;
/** One channel and one spreading factor may well be quiet for hours. */
const MODEM_QUIET_MS = 86_400_000;
/** A modem tells of itself each 30 s. */
const WORDS: DeviceWords = {
  title: TITLE,
  section: "[lora]",
  firstReadingMs: 60_000,
  silentMs: 180_000,
  mayBeBusy: true,
};

/** Is there a radio, does it hear, can it send? */
export function radioPart(status: AgentStatus): Part {
  const { radio, atMs, startedAtMs } = status;
  const problems = [
    sharedEuiProblem(TITLE, radio),
    refusalProblem(TITLE, radio),
    deviceTrouble(radio, atMs, startedAtMs),
    hearingProblem(TITLE, radio),
    quietProblem(status),
    staleProblem(status),
    gpsProblem(status),
  ].filter((problem) => problem !== undefined);
  return problems.find(({ health }) => health === "broken") ?? problems[0] ?? ok(TITLE, radioText(status));
}

/** Packet forwarders come and go behind an open socket; a modem is a device like any other. */
function deviceTrouble(radio: RadioFacts, atMs: number, startedAtMs: number): Part | undefined {
  if (radio.forwarders === undefined) return deviceProblem(radio, WORDS, atMs);
  if (radio.state === "lost") return deviceProblem(radio, WORDS, atMs);
  return forwarderProblem(radio.forwarders, radio.cannotBeacon !== undefined, atMs, startedAtMs);
}

function quietProblem({ radio, atMs, startedAtMs }: AgentStatus): Part | undefined {
  const quietMs = atMs - (radio.lastFrameAtMs ?? startedAtMs);
  if (quietMs <= (radio.forwarders === undefined ? MODEM_QUIET_MS : QUIET_MS)) return undefined;
  return attention(
    TITLE,
    `Nothing heard for ${duration(quietMs)}`,
    "Check antenna, cable and lightning arrester; then restart the radio: a concentrator can go deaf.",
  );
}

/** Somebody plays old beacons again, or makes some up: none becomes a packet. */
function staleProblem(status: AgentStatus): Part | undefined {
  const stale = staleOf(status);
  if (stale < MANY_STALE || stale * STALE_ONE_IN < status.radio.framesHeard) return undefined;
  const advice =
    "Nothing to mend here: somebody nearby sends them. Tell the network's operator if it goes on.";
  return attention(TITLE, radioText(status), advice);
}

/** Of the concentrator's own receiver: its date stands in no packet. */
function gpsProblem(status: AgentStatus): Part | undefined {
  const { gpsWeekRollovers } = status.radio;
  if (gpsWeekRollovers === undefined) return undefined;
  const { text, advice } = rolloverFault("The concentrator's GPS is", gpsWeekRollovers);
  return attention(TITLE, `${text}; ${radioText(status)}`, advice);
}

const staleOf = ({ losses }: AgentStatus): number =>
  losses.find(({ reason }) => reason === "frame_stale")?.count ?? 0;

function radioText(status: AgentStatus): string {
  const { radio, atMs } = status;
  const stale = staleOf(status);
  const last =
    radio.lastFrameAtMs === undefined ? "nothing yet" : `last frame ${ago(radio.lastFrameAtMs, atMs)}`;
  const heard = `${radio.framesHeard} frames heard, ${last}`;
  const lookalikes =
    stale === 0 ? undefined : `${stale} frame${stale === 1 ? "" : "s"} that only look like beacons`;
  return [heard, reachText(radio), crcErrorText(radio), lookalikes]
    .filter((text) => text !== undefined)
    .join("; ");
}

function forwarderProblem(
  forwarders: readonly ForwarderFacts[],
  onlyListens: boolean,
  atMs: number,
  startedAtMs: number,
): Part | undefined {
  const lastSeenMs = Math.max(...forwarders.map((forwarder) => forwarder.lastSeenMs));
  if (forwarders.length === 0) {
    const advice =
      'Set "server_address" and both "serv_port" of the packet forwarder to [lora] listen, and start it.';
    if (atMs - startedAtMs < FIRST_CONTACT_MS) return attention(TITLE, "Waiting for a packet forwarder");
    return broken(TITLE, `No packet forwarder has connected in ${duration(atMs - startedAtMs)}`, advice);
  }
  if (atMs - lastSeenMs > FORWARDER_SILENT_MS) {
    return broken(
      TITLE,
      `The packet forwarder was last heard ${ago(lastSeenMs, atMs)}`,
      "Look at the packet forwarder: is it running, and what does its log say?",
    );
  }
  if (!onlyListens && !forwarders.some(({ canTransmit }) => canTransmit)) {
    return attention(
      TITLE,
      "The packet forwarder does not ask for work, so it cannot send beacons",
      'Check its "serv_port_down": it must be the same as "serv_port_up".',
    );
  }
  return undefined;
}
