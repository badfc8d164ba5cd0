import type { AgentStatus, NumberingFacts, UnmadeFacts } from "../board/agent-status.ts";
import type { NewerOutbox } from "../outbox/outbox.ts";
import { flappingText, MANY_LOSSES } from "./device.ts";
import { attention, broken, ok, type Part } from "./part.ts";
import { duration } from "./time-text.ts";

/** An outage shorter than this is not worth a walk to the roof. */
const SHORT_OUTAGE_MS = 60_000;
/** Once a session has lasted so long, faults of earlier ones do not count any more. */
const STEADY_MS = 300_000;
const KEY_ADVICE = "Compare the id on the pages of all your hotspots: each needs a key of its own.";
const FLAPPING_ADVICE =
  "Look at the connection (router, mobile network, power) and at the broker's log: what ends the session? Nothing is lost.";
const MANY_PACKETS = 1000;

export function brokerPart({ broker, atMs }: AgentStatus): Part {
  const title = "Broker";
  const forMs = atMs - broker.sinceMs;
  const { lostInHour = 0 } = broker;
  const flapping = lostInHour < MANY_LOSSES || forMs >= STEADY_MS ? "" : `; it ${flappingText(lostInHour)}`;
  if (broker.state === "ok") {
    const text = `Connected for ${duration(forMs)}`;
    const isDoubtful = broker.reason !== undefined && forMs < STEADY_MS;
    if (isDoubtful) return attention(title, `${text}; ${broker.reason}`, KEY_ADVICE);
    return flapping === "" ? ok(title, text) : attention(title, `${text}${flapping}`, FLAPPING_ADVICE);
  }
  if (broker.state === "searching") return attention(title, `Connecting for ${duration(forMs)}`);
  const text = `Not connected for ${duration(forMs)}: ${broker.reason ?? "lost"}${flapping}`;
  const advice =
    "Check the internet connection and [broker] in the configuration; nothing is lost meanwhile.";
  return forMs < SHORT_OUTAGE_MS ? attention(title, text, advice) : broken(title, text, advice);
}

export function outboxPart({ outbox, atMs }: AgentStatus): Part {
  const title = "Outbox";
  const {
    queued,
    acknowledged,
    postponed,
    dropped,
    bytes,
    failure,
    damagedFile,
    numbering,
    newer,
    receiptsLost,
  } = outbox;
  if (failure !== undefined) {
    const { why, lost, sinceMs } = failure;
    return broken(
      title,
      `Packets cannot be stored for ${duration(atMs - sinceMs)}, ${lost} were lost: ${why}`,
      "Check the free space (df -h) and whether the memory card is read-only or dying (dmesg); it is tried again all the time.",
    );
  }
  const waiting = `${queued} packets wait, ${acknowledged} await a receipt, ${Math.ceil(bytes / 1024)} KiB`;
  const text =
    postponed === 0 ? waiting : `${waiting}; ${postponed} go later, as the network takes fewer now`;
  if (damagedFile !== undefined) {
    const what = `It was damaged: what could not be read in it is lost; the old file is ${damagedFile}`;
    const advice = `A memory card or its supply is failing: replace the card, then delete that file (sudo rm ${damagedFile}*) and this goes.`;
    return attention(title, `${text}. ${what}`, advice);
  }
  const [newest] = newer ?? [];
  if (newest !== undefined) return newerPart(title, text, newest);
  if (numbering !== undefined) return numberingPart(title, text, numbering);
  if (receiptsLost !== undefined) {
    const { count, why } = receiptsLost;
    const what = `${text}; ${count} receipts could not be kept (${why}): what they confirm cannot be audited`;
    return attention(title, what, "Check the free space (df -h) and the folder receipts in state_dir.");
  }
  if (dropped > 0) {
    return attention(
      title,
      `${text}; ${dropped} were dropped`,
      "The connection was away too long, or the outbox is too small.",
    );
  }
  if (queued > MANY_PACKETS)
    return attention(title, text, "They go out, newest reports first, once the broker is reached.");
  return ok(title, text);
}

function newerPart(title: string, text: string, newer: NewerOutbox): Part {
  const { path, version, knownVersion, packets, unreadable } = newer;
  const what = `${text}. ${path} is a newer agent's (schema ${version}; this one knows ${knownVersion}) and stays as it is`;
  if (unreadable === undefined) {
    const advice = "Nothing to do: that version, installed again, takes over what this one has.";
    return attention(title, `${what}; its ${packets} packets are sent from here too`, advice);
  }
  const advice =
    "Install that version of the agent again: it sends them, and takes over what this one has meanwhile.";
  return attention(title, `${what}; its packets cannot be read here (${unreadable}) and wait`, advice);
}

function numberingPart(title: string, text: string, { from, to, target }: NumberingFacts): Part {
  const known = `${text}; the network has packets of this hotspot numbered up to ${target - 1}, made elsewhere`;
  if (to === undefined) {
    const advice =
      "Numbers so high leave no room to go on: another program signs with this key. Make a new key.";
    return attention(title, known, advice);
  }
  const advice =
    "Nothing to do if the state folder was lost or restored from a copy. Else another agent runs with a copy of this key: end it, or make a new key.";
  return attention(title, `${known}; numbering went from ${from} to ${to}`, advice);
}

/** Where the value of a field comes from, by the start of the field's name. */
const ADVICE_BY_FIELD: readonly [begin: string, advice: string][] = [
  ["atMs", "Set the clock: sudo timedatectl set-ntp true, or run chrony with the GPS."],
  ["gnss", "The GPS receiver says it: look at the part GPS, and update the agent if the receiver is right."],
  ["assertion", "Check [hotspot] in the configuration."],
  ["radio", "The radio says it: look at the part Radio, and update its program."],
  ["machine", "Set health = false in [machine] until the agent is updated."],
  ["source", "Shorten the sensor's name in [[sensors]]."],
  ["quantities", "A sensor says it: look at the sensors' values, and at the map or type in [[sensors]]."],
];
const OTHER_FIELDS = "Update the agent; if that does not help, tell its makers this sentence.";

/** One part for each type of packet that cannot be made. */
export const packetParts = ({ unmade }: AgentStatus): Part[] =>
  unmade.map((one) => broken(`Packets (${one.type})`, unmadeText(one), adviceFor(one)));

const unmadeText = ({ type, why }: UnmadeFacts): string =>
  type === "status" ? `Statuses go out without details: ${why}` : `None can be made: ${why}`;

const adviceFor = ({ field }: UnmadeFacts): string =>
  ADVICE_BY_FIELD.find(([begin]) => field.split(".")[0] === begin)?.[1] ?? OTHER_FIELDS;
