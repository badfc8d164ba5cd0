import type {
  AgentStatus,
  ForwarderFacts,
  RadioFacts,
  RadioRefusalFacts,
  RadioSetup,
} from "../board/agent-status.ts";
import { flappingText, MANY_LOSSES } from "./device.ts";
import { attention, broken, type Part } from "./part.ts";
import { ago, duration } from "./time-text.ts";

/** Forwarders send PULL_DATA each 5 to 10 s. */
const FORWARDER_SILENT_MS = 90_000;
const FIRST_CONTACT_MS = 60_000;
/** Stations try again after a minute at most; an older refusal does not count any more. */
const REFUSAL_MS = 600_000;
const TITLE = "Radio";

/** Is a concentrator there, behind a packet forwarder or a station, and can it send? */
export function forwarderProblem({ radio, atMs, startedAtMs }: Surroundings): Part | undefined {
  const times = { atMs, waitedMs: atMs - Math.max(startedAtMs, radio.sinceMs) };
  return radio.setup?.type === "basics-station"
    ? stationProblem(radio, radio.setup, times)
    : packetForwarderProblem(radio, times);
}

interface Surroundings extends Pick<AgentStatus, "atMs" | "startedAtMs"> {
  radio: Pick<RadioFacts, "forwarders" | "setup" | "refused" | "sinceMs">;
}

/** What connects to the port. */
export const programOf = (setup: RadioSetup): string =>
  setup.type === "basics-station" ? "Basics Station" : "packet forwarder";

/** A modem has no program of its own that connects. */
export const isModem = (setup: RadioSetup | undefined): boolean =>
  setup !== undefined && setup.listen === undefined;

/** What runs on the radio, or drives it. */
export function softwareOf(setup: RadioSetup | undefined): string {
  if (isModem(setup)) return "the modem's firmware";
  return setup?.type === "basics-station" ? "Basics Station" : "the packet forwarder";
}

/** How to make it connect. */
export const connectAdvice = (setup: RadioSetup | undefined): string =>
  setup?.type === "basics-station" ? uriAdvice(setup) : serverAdvice(setup);

interface Times {
  atMs: number;
  /** How long anybody could have connected. */
  waitedMs: number;
}

function packetForwarderProblem(
  { forwarders = [], setup }: Surroundings["radio"],
  { atMs, waitedMs }: Times,
) {
  if (forwarders.length === 0) {
    if (waitedMs < FIRST_CONTACT_MS) return attention(TITLE, "Waiting for a packet forwarder");
    const text = `No packet forwarder has connected in ${duration(waitedMs)}`;
    return broken(TITLE, text, serverAdvice(setup));
  }
  const lastSeenMs = Math.max(...forwarders.map((forwarder) => forwarder.lastSeenMs));
  if (atMs - lastSeenMs > FORWARDER_SILENT_MS) {
    const text = `The packet forwarder was last heard ${ago(lastSeenMs, atMs)}`;
    return broken(TITLE, text, "Look at the packet forwarder: is it running, and what does its log say?");
  }
  if (forwarders.some(({ canTransmit }) => canTransmit)) return undefined;
  return attention(
    TITLE,
    "The packet forwarder does not ask for work, so it cannot send beacons",
    'Check its "serv_port_down": it must be the same as "serv_port_up".',
  );
}

/** For the packet forwarder's `global_conf.json`. */
function serverAdvice(setup: RadioSetup | undefined): string {
  const { host, port } = reached(setup);
  return `Set the packet forwarder's "server_address" to ${host}, its "serv_port_up" and "serv_port_down" to ${port} (local_conf.json counts before global_conf.json), and start it.${elsewhere(setup)}`;
}

/** A station that hears nothing sends nothing: while it is connected, it is well. */
function stationProblem(
  { forwarders = [], refused }: Surroundings["radio"],
  setup: RadioSetup,
  times: Times,
) {
  const { atMs, waitedMs } = times;
  const [worst] = forwarders.toSorted((one, other) => (other.lostInHour ?? 0) - (one.lostInHour ?? 0));
  if (worst?.lostInHour !== undefined && worst.lostInHour >= MANY_LOSSES) return flapping(worst);
  if (forwarders.some(({ canTransmit }) => canTransmit)) return undefined;
  if (setup.hasToken && !setup.isSecure) return tokenInClear(refused);
  if (refused !== undefined && atMs - refused.atMs < REFUSAL_MS) return refusalProblem(refused, setup);
  if (forwarders.length === 0) {
    if (waitedMs < FIRST_CONTACT_MS) return attention(TITLE, "Waiting for a Basics Station");
    return broken(TITLE, `No Basics Station has connected in ${duration(waitedMs)}`, uriAdvice(setup));
  }
  const lastSeenMs = Math.max(...forwarders.map((station) => station.lastSeenMs));
  const text = `The Basics Station is not connected; it was last heard ${ago(lastSeenMs, atMs)}`;
  if (atMs - lastSeenMs < FORWARDER_SILENT_MS) return attention(TITLE, text);
  return broken(TITLE, text, "Look at the station: is it running, and what does its log say?");
}

/** For the station's own files. */
const uriAdvice = (setup: RadioSetup | undefined): string =>
  `Write ${uriOf(setup)} into the station's tc.uri, remove its cups.uri, and start it.${elsewhere(setup)}`;

function flapping({ gatewayEui, lostInHour = 0 }: ForwarderFacts): Part {
  return attention(
    TITLE,
    `Station ${gatewayEui} ${flappingText(lostInHour)}`,
    "Look at the station's log: does it start again and again (supply, reset pin, region of its hardware)? Two stations of one EUI end each other's connection.",
  );
}

/** Station 2.0.6 reads its tc.key only where it sets TLS up (conn_setup_tls in its net.c). */
function tokenInClear(refused: RadioRefusalFacts | undefined): Part {
  const seen = refused?.trouble === "token" ? `; one at ${refused.host} is refused (401)` : "";
  return broken(
    TITLE,
    `No station can log in: [lora] has a token and no certificate, and stations send tokens over TLS only${seen}`,
    "Set cert_file and key_file in [lora] and wss:// in the station's tc.uri, or remove token.",
  );
}

function refusalProblem({ trouble, host }: RadioRefusalFacts, setup: RadioSetup): Part {
  const who = host === "" ? "A station" : `A station at ${host}`;
  const [text, advice] = REFUSALS[trouble](uriOf(setup));
  return broken(TITLE, `${who} ${text}`, advice);
}

const REFUSALS: Readonly<
  Record<RadioRefusalFacts["trouble"], (uri: string) => readonly [text: string, advice: string]>
> = {
  token: (uri) => [
    "is refused (401): it does not send the token of [lora]",
    `Make the station's tc.key the one line "Authorization: TOKEN", with the token of [lora], and its tc.uri ${uri}: it sends tc.key over TLS only.`,
  ],
  cups: (uri) => [
    "asks for CUPS, which is not spoken here",
    `Remove cups.uri and cups-boot.uri from the station's folder, and write ${uri} into its tc.uri.`,
  ],
  plain: (uri) => [
    "speaks without TLS, and [lora] has a certificate",
    `Write ${uri} into the station's tc.uri, and the authority of the certificate into its tc.trust.`,
  ],
  tls: (uri) => [
    "speaks TLS, and [lora] has no certificate",
    `Write ${uri} into the station's tc.uri, or set cert_file and key_file in [lora].`,
  ],
  "client-certificate": () => [
    "has no certificate of the authority in client_ca_file",
    "Put a certificate of that authority and its key into the station's tc.crt and tc.key.",
  ],
  handshake: () => [
    "broke the TLS handshake off",
    "Put the authority of [lora] cert_file into the station's tc.trust; the host in its tc.uri must be a name in the certificate, and its clock right.",
  ],
  path: (uri) => [
    "asks for another path than stations do (404)",
    `Write ${uri} into the station's tc.uri, without a path behind it.`,
  ],
  full: () => ["is refused (503): too many are connected", "Find out what else connects to the port."],
  "web-page": () => [
    "is refused (403): a web page connects to the port",
    "Close that page; stations are not browsers.",
  ],
};

function uriOf(setup: RadioSetup | undefined): string {
  const { host, port } = reached(setup);
  const name = host.includes(":") ? `[${host}]` : host;
  return `${setup?.isSecure ? "wss" : "ws"}://${name}:${port}`;
}

/** The address that others connect to; where it listens on all addresses, a placeholder. */
function reached(setup: RadioSetup | undefined): { host: string; port: number | string } {
  if (setup?.listen === undefined) return { host: "this machine", port: "the port of [lora] listen" };
  const { host, port } = setup.listen;
  return { host: host === "0.0.0.0" || host === "::" ? "ADDRESS-OF-THIS-MACHINE" : host, port };
}

/** A loopback address cannot be reached from other machines. */
function elsewhere(setup: RadioSetup | undefined): string {
  const { host = "", port = 0 } = setup?.listen ?? {};
  if (!/^(127\.|::1$|localhost$)/.test(host)) return "";
  return ` If it runs on another machine: listen = "0.0.0.0:${port}" in [lora].`;
}

/** How to restart the radio's receiver. */
export function restartAdvice(setup: RadioSetup | undefined): string {
  switch (setup?.type) {
    case "basics-station":
      return "Restart the Basics Station, which resets the concentrator";
    case undefined:
    case "semtech-udp":
      return "Restart the packet forwarder, which resets the concentrator";
    default:
      return "Unplug the modem for a moment";
  }
}
