import type { AgentStatus, ForwarderFacts } from "../board/facts.ts";
import { ago, duration } from "./age.ts";
import { attention, broken, ok, type Part } from "./part.ts";

const TITLE = "Radio";
/** Forwarders send PULL_DATA each 5 to 10 s. */
const FORWARDER_SILENT_MS = 90_000;
const FIRST_CONTACT_MS = 60_000;
const QUIET_MS = 3_600_000;

/** Is there a packet forwarder, does it hear, can it send? */
export function radioPart({ radio, atMs, startedAtMs }: AgentStatus): Part {
  if (radio.state === "lost") {
    return broken(
      TITLE,
      radio.reason ?? "lost",
      "Check [lora] in the configuration, and that no other program uses the port.",
    );
  }
  if (radio.forwarders !== undefined) {
    const problem = forwarderProblem(radio.forwarders, atMs, startedAtMs);
    if (problem !== undefined) return problem;
  }
  const sinceMs = radio.lastFrameAtMs ?? startedAtMs;
  const heard =
    radio.lastFrameAtMs === undefined ? "nothing yet" : `last frame ${ago(radio.lastFrameAtMs, atMs)}`;
  if (atMs - sinceMs > QUIET_MS) {
    return attention(
      TITLE,
      `Nothing heard for ${duration(atMs - sinceMs)}`,
      "Check antenna, cable and lightning arrester; then restart the packet forwarder: a concentrator can go deaf.",
    );
  }
  return ok(TITLE, `${radio.framesHeard} frames heard, ${heard}`);
}

function forwarderProblem(
  forwarders: readonly ForwarderFacts[],
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
  if (!forwarders.some(({ canTransmit }) => canTransmit)) {
    return attention(
      TITLE,
      "The packet forwarder does not ask for work, so it cannot send beacons",
      'Check its "serv_port_down": it must be the same as "serv_port_up".',
    );
  }
  return undefined;
}
