import {
  type Clock,
  encodePacket,
  entropyMessage,
  entropyTopic,
  hotspotId,
  keysTopic,
  makeLoginToken,
  NetworkKeys,
  type Signer,
  upTopic,
} from "@earshot/protocol/hotspot";
import { abortAfter, errorText } from "@earshot/protocol/runtime";
import type { Config } from "../config/config.ts";
import { attention, broken, ok, type Part } from "../health/part.ts";
import { duration } from "../health/time-text.ts";
import { mqttPublisher } from "../publisher/mqtt-publisher.ts";
import type { IncomingMessage, Publisher } from "../publisher/publisher.ts";
import type { Terminal } from "../terminal.ts";
import { firstWithin } from "../time/first-within.ts";

const LOGIN_LIMIT_MS = 15_000;
/** The latest entropy is retained, so it comes at once. */
const ENTROPY_LIMIT_MS = 5000;
const TITLE = "Broker";

/** Logs in as the agent would, and reads the network's entropy. */
export async function checkBroker(
  config: Config,
  signer: Signer | undefined,
  terminal: Terminal,
): Promise<Part> {
  const { clock } = terminal;
  if (signer === undefined) return attention(TITLE, "not tried: without the key there is no login");
  try {
    const silent = new Error(`no answer in ${LOGIN_LIMIT_MS / 1000} s`);
    const publisher = await abortAfter(clock, LOGIN_LIMIT_MS, silent, terminal.signal, (limited) =>
      login(config, signer, terminal, limited),
    );
    return await checkEntropy(config, publisher, clock);
  } catch (error) {
    return broken(
      TITLE,
      errorText(error),
      "Check [broker] in the configuration and the internet connection.",
    );
  }
}

function login(
  config: Config,
  signer: Signer,
  { clock, version }: Terminal,
  signal: AbortSignal,
): Promise<Publisher> {
  const { name } = config.core.network;
  const id = hotspotId(signer.publicKey);
  const open = mqttPublisher(config.broker, { clock });
  return open(
    {
      username: id,
      password: makeLoginToken(signer, name, clock.now()),
      will: { topic: upTopic(name, id, "status"), bytes: offlineStatus(signer, name, version, clock.now()) },
      subscriptions: [keysTopic(name), entropyTopic(name)],
    },
    signal,
  );
}

/** True while the doctor is in: no agent runs. */
const offlineStatus = (signer: Signer, network: string, version: string, atMs: number): Uint8Array =>
  encodePacket(
    {
      type: "status",
      sequence: 0,
      atMs,
      state: "offline",
      uptimeS: 0,
      version,
      radio: null,
      gnss: null,
      outboxQueued: 0,
      outboxDropped: 0,
      assertion: null,
      machine: null,
      losses: null,
      keyHeld: null,
      formats: null,
      commitments: null,
    },
    signer,
    network,
  );

async function checkEntropy(
  { core: { network }, broker }: Config,
  publisher: Publisher,
  clock: Clock,
): Promise<Part> {
  let keys = NetworkKeys.ofRoot(network.name, network.publicKey);
  let refusedKeys: string | undefined;
  let latest: ReturnType<typeof entropyMessage.open> | undefined;
  /** When it came. */
  let ageMs = 0;
  // What a broker has kept for the agent while it was away comes first, and is old.
  const isCurrent = ({ topic, bytes }: IncomingMessage) => {
    if (topic === keysTopic(network.name)) {
      const read = keys.replacedBy(bytes);
      if (read.ok) keys = read.keys;
      refusedKeys = read.ok ? undefined : read.why;
    } else if (topic === entropyTopic(network.name)) {
      latest = entropyMessage.open(bytes, network.name, keys);
      if (!latest.ok) return false;
      const { index, periodMs } = latest.value;
      ageMs = clock.now() - index * periodMs;
      return isInTime(ageMs, periodMs);
    }
    return false;
  };
  await firstWithin(publisher, isCurrent, clock, ENTROPY_LIMIT_MS);
  const loggedIn = `logged in at ${broker.url}`;
  const opened = latest;
  if (opened === undefined) {
    return broken(
      TITLE,
      `${loggedIn}, but no entropy came`,
      "Check [network] name; if it is right, the gateway is down.",
    );
  }
  if (refusedKeys !== undefined || !opened.ok) {
    const found = refusedKeys ?? (opened.ok ? "" : opened.code);
    return broken(
      TITLE,
      `${loggedIn}, but ${refusedKeys === undefined ? "the entropy" : "its key document"} is not the network's (${found})`,
      "Check [network] public_key.",
    );
  }
  const { index, periodMs } = opened.value;
  if (!isInTime(ageMs, periodMs)) {
    const text = `${loggedIn}, but its latest entropy is ${duration(ageMs)} old`;
    return broken(TITLE, text, "Set this machine's clock; if it is right, the network's gateway is down.");
  }
  return ok(TITLE, `${loggedIn}, entropy ${index} is ${duration(ageMs)} old`);
}

const isInTime = (ageMs: number, periodMs: number): boolean => ageMs >= -2000 && ageMs <= 3 * periodMs;
