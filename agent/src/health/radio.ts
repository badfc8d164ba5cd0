import type { AgentStatus, RadioFacts, RadioSetup, Trouble } from "../board/agent-status.ts";
import { adviceFor, type DeviceTexts, deviceProblem } from "./device.ts";
import { forwarderProblem, restartAdvice } from "./forwarders.ts";
import { crcErrorText, hearingProblem, reachText } from "./hearing.ts";
import { attention, ok, type Part } from "./part.ts";
import { refusalProblem, sharedEuiProblem } from "./refusals.ts";
import { rolloverFault } from "./time-sources.ts";
import { ago, duration } from "./time-text.ts";

const TITLE = "Radio";
/** So many, and such a share of all frames, are worth a look. */
const MANY_STALE = 100;
const STALE_ONE_IN = 10;
const QUIET_MS = 3_600_000;
/** One channel and one spreading factor may well be quiet for hours. */
const MODEM_QUIET_MS = 86_400_000;
/** Of a modem, which sends a status each 30 s. */
const MODEM_TEXTS: DeviceTexts = {
  title: TITLE,
  section: "[lora]",
  firstReadingMs: 60_000,
  silentMs: 180_000,
  mayBeBusy: true,
  advice: {
    silent: "Check the modem's supply, that its TX goes to RX here and its RX to TX, and baud in [lora].",
    unreadable: "Set baud in [lora] to the modem's own speed, and type to what it is; then check the cable.",
    "other-module": "Set type in [lora] to what answers, or name the modem's own port in device.",
    refused: "Update the modem's firmware, and choose freq_mhz and spreading_factor in [lora] that it has.",
    resets: "Give the modem a stronger supply and a shorter cable: it draws most when it sends.",
    flapping: "Look for a loose plug, a worn cable or a weak supply: a modem draws most when it sends.",
  },
};
/** Of a socket for packet forwarders or stations. */
const SOCKET_TEXTS: DeviceTexts = {
  ...MODEM_TEXTS,
  advice: {
    "address-in-use":
      "End the other program that listens there (sudo ss -lnp shows it), or set another port in [lora] listen.",
    "address-missing":
      "Check listen in [lora]: this machine has no such address now. If its network comes later, nothing is to be done.",
    "not-reached": "Check listen in [lora]: its host name has no address.",
    "no-permission": "Set a port from 1024 on in [lora] listen: those below are the system's.",
    certificate: "Mend the file that is named; it is read again by itself.",
    lost: "Check listen in [lora]; it is tried again by itself.",
  },
};

/** Is there a radio, does it hear, can it send? */
export function radioPart(status: AgentStatus): Part {
  const { radio } = status;
  const problems = [
    sharedEuiProblem(TITLE, radio),
    refusalProblem(TITLE, radio),
    deviceTrouble(status),
    hearingProblem(TITLE, radio),
    quietProblem(status),
    staleProblem(status),
    gpsProblem(status),
  ].filter((problem) => problem !== undefined);
  return problems.find(({ health }) => health === "broken") ?? problems[0] ?? ok(TITLE, radioText(status));
}

/** Behind an open socket packet forwarders may be absent; a modem is a device like any other. */
function deviceTrouble(status: AgentStatus): Part | undefined {
  const { radio, atMs } = status;
  const listens = radio.forwarders !== undefined || radio.setup?.listen !== undefined;
  if (!listens) return deviceProblem(radio, MODEM_TEXTS, atMs);
  if (radio.state === "lost") return deviceProblem(radio, SOCKET_TEXTS, atMs);
  return forwarderProblem(status) ?? cautionsOf(radio);
}

function cautionsOf({ cautions = [] }: RadioFacts): Part | undefined {
  if (cautions.length === 0) return undefined;
  return attention(TITLE, cautions.join(". "), SOCKET_TEXTS.advice?.certificate);
}

/** What to do where it cannot be opened or is lost. */
export const lostRadioAdvice = ({ listen }: RadioSetup, trouble: Trouble | undefined): string =>
  adviceFor(trouble, listen === undefined ? MODEM_TEXTS : SOCKET_TEXTS);

function quietProblem({ radio, atMs, startedAtMs }: AgentStatus): Part | undefined {
  const quietMs = atMs - (radio.lastFrameAtMs ?? startedAtMs);
  if (quietMs <= (radio.forwarders === undefined ? MODEM_QUIET_MS : QUIET_MS)) return undefined;
  return attention(
    TITLE,
    `Nothing heard for ${duration(quietMs)}`,
    radio.forwarders === undefined
      ? "Check the antenna, and that somebody sends on freq_mhz with spreading_factor of [lora]: it hears nothing else."
      : `Check antenna, cable and lightning arrester. ${restartAdvice(radio.setup)}: it can go deaf.`,
  );
}

/** Somebody replays old beacons or makes some up: none becomes a packet. */
function staleProblem(status: AgentStatus): Part | undefined {
  const stale = staleOf(status);
  if (stale < MANY_STALE || stale * STALE_ONE_IN < status.radio.framesHeard) return undefined;
  const advice =
    "Nothing to mend here: somebody nearby sends them. Tell the network's operator if it goes on.";
  return attention(TITLE, radioText(status), advice);
}

/** The date of the concentrator's own GPS; no packet carries it. */
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
