import type { AgentStatus, UnmadeFacts } from "../board/facts.ts";
import { broken, type Part } from "./part.ts";

/** What says a field, by the begin of its name. */
const SAID_BY: readonly [begin: string, advice: string][] = [
  ["atMs", "Set the clock: sudo timedatectl set-ntp true, or run chrony with the GPS."],
  ["gnss", "The GPS receiver says it: look at the part GPS, and update the agent if the receiver is right."],
  ["assertion", "Check [hotspot] in the configuration."],
  ["radio", "The radio says it: look at the part Radio, and update its program."],
  ["machine", "Set health = false in [machine] until the agent is updated."],
  ["source", "Shorten the sensor's name in [[sensors]]."],
  ["quantities", "A sensor says it: look at the sensors' values, and at the map or type in [[sensors]]."],
];
const OTHERS = "Update the agent; if that does not help, tell its makers this sentence.";

/** One part for each type of packet that cannot be made, and so is not sent; nothing where all can. */
export const unmadeParts = ({ unmade }: AgentStatus): Part[] =>
  unmade.map((one) => broken(`Packets (${one.type})`, textOf(one), adviceFor(one)));

const textOf = ({ type, why }: UnmadeFacts): string =>
  type === "status" ? `Statuses go out without details: ${why}` : `None can be made: ${why}`;

const adviceFor = ({ field }: UnmadeFacts): string =>
  SAID_BY.find(([begin]) => field.split(".")[0] === begin)?.[1] ?? OTHERS;
