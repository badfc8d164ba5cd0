import {
  type AgentConfig,
  memoryOutbox,
  type Outbox,
  runAgent,
  type SensorDevice,
  StatusBoard,
} from "@earshot/agent";
import { FakeBroker, FakeGps, FakeMachine, FakeRadio } from "@earshot/agent/testing";
import {
  decodePacket,
  type Entropy,
  entropyHash,
  entropyMessage,
  entropyTopic,
  hotspotId,
  type LossReason,
  logTo,
  type Packet,
  type Signer,
  sha256,
  signerFromSeed,
  u32,
  windowOf,
} from "@earshot/protocol";
import { ManualClock, seededRandom } from "@earshot/protocol/testing";

export const NETWORK = "test";
export const PERIOD_MS = 60_000;
export const VALIDITY_MS = 180_000;
export const WINDOW_PERIODS = 4;
export const networkSigner = signerFromSeed(new Uint8Array(32).fill(9));

export const CORE: AgentConfig = {
  network: { name: NETWORK, publicKey: networkSigner.publicKey },
  hotspot: {
    latE7: 473_667_000,
    lonE7: 85_500_000,
    elevationM: 12,
    antennaGainDdbi: 30,
    region: "EU868",
    payee: null,
  },
  maxPowerDbm: 27,
  statusPeriodMs: 60_000,
  readingPeriodMs: 300_000,
};

/** What every agent of these tests runs on, so that a restart finds the same. */
export class AgentHarness {
  readonly clock: ManualClock;
  readonly broker = new FakeBroker();
  readonly radio = new FakeRadio();
  readonly gps = new FakeGps();
  readonly logged: string[] = [];
  readonly signer: Signer;
  readonly id: string;
  readonly outbox: Outbox;
  board = new StatusBoard();
  #stop = new AbortController();
  #running: Promise<void> | undefined;
  #previous: Entropy | undefined;

  /** Tenths of dBi. */
  antennaGainDdbi: number;

  /** As the entropy says: by default beacon reports go as soon as they are there. */
  reportDeadlineMs = 1;

  readonly machine = new FakeMachine();
  hasMachine = false;
  sensors: SensorDevice[] = [];
  readonly #core: AgentConfig;

  constructor({
    seed = 1,
    clock = new ManualClock(),
    outbox = memoryOutbox({ clock }),
    core = CORE,
  }: { seed?: number; clock?: ManualClock; outbox?: Outbox; core?: AgentConfig } = {}) {
    this.#core = core;
    this.antennaGainDdbi = core.hotspot.antennaGainDdbi;
    this.clock = clock;
    this.outbox = outbox;
    this.signer = signerFromSeed(new Uint8Array(32).fill(seed));
    this.id = hotspotId(this.signer.publicKey);
  }

  async start(): Promise<void> {
    this.#stop = new AbortController();
    this.board = new StatusBoard();
    const log = logTo(
      (level, message) => this.logged.push(`${level} ${message}`),
      () => false,
    );
    this.#running = runAgent(
      {
        config: {
          ...this.#core,
          hotspot: { ...this.#core.hotspot, antennaGainDdbi: this.antennaGainDdbi },
        },
        clock: this.clock,
        random: seededRandom(1),
        log,
        signer: this.signer,
        outbox: this.outbox,
        openPublisher: this.broker.open,
        openRadio: this.radio.open,
        openGps: this.gps.open,
        sensors: this.sensors,
        ...(this.hasMachine ? { openMachine: this.machine.open } : {}),
        version: "test",
        board: this.board,
      },
      this.#stop.signal,
    );
    await this.clock.advance(0);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.clock.resolve(this.#running ?? Promise.resolve());
  }

  /** The network publishes the entropy of the current period, or of an earlier one late. Values are a function of the index. */
  async publishEntropy(
    signer = networkSigner,
    index = Math.floor(this.clock.now() / PERIOD_MS),
  ): Promise<Entropy> {
    const entropy: Entropy = {
      index,
      atMs: Math.min(this.clock.now(), (index + 1) * PERIOD_MS - 1),
      value: entropyValue(index),
      previousHash: this.#previous === undefined ? new Uint8Array(32) : entropyHash(this.#previous),
      periodMs: PERIOD_MS,
      validityMs: VALIDITY_MS,
      windowPeriods: WINDOW_PERIODS,
      windowValue: entropyValue(windowOf(index, WINDOW_PERIODS) * WINDOW_PERIODS),
      reportDeadlineMs: this.reportDeadlineMs,
      revealDeadlineMs: null,
      source: null,
      state: null,
    };
    this.#previous = entropy;
    this.broker.send(entropyTopic(NETWORK), entropyMessage.seal(entropy, signer, NETWORK), { retain: true });
    await this.clock.advance(0);
    return entropy;
  }

  /** Lets `periods` entropy periods pass, each begun by its entropy. */
  async runPeriods(periods: number): Promise<void> {
    for (let i = 0; i < periods; i++) {
      await this.clock.advance(PERIOD_MS - (this.clock.now() % PERIOD_MS));
      await this.publishEntropy();
    }
    await this.clock.advance(PERIOD_MS - 1);
  }

  /** How often this was counted since the agent started. */
  lossCount(reason: LossReason): number {
    return this.board.losses.counts().find(([one]) => one === reason)?.[1] ?? 0;
  }

  packets<T extends Packet["type"]>(type: T): Extract<Packet, { type: T }>[] {
    return this.broker.published
      .map(({ bytes }) => packetOf(bytes))
      .filter((packet): packet is Extract<Packet, { type: T }> => packet.type === type);
  }
}

export const entropyValue = (index: number): Uint8Array => sha256(u32(index));

export function packetOf(bytes: Uint8Array): Packet {
  const result = decodePacket(bytes);
  if (!result.ok) throw new Error(result.code);
  return result.decoded.packet;
}
