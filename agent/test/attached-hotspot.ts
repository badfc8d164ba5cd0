import { logTo, signerFromSeed, silentLog } from "@earshot/protocol";
import { ManualClock, seededRandom } from "@earshot/protocol/testing";
import { runAgent } from "../src/agent.ts";
import { StatusBoard } from "../src/board/status-board.ts";
import type { GpsConfig, LoraConfig, SensorConfig } from "../src/config/config.ts";
import { gpsOpener, radioOpener, sensorDevices } from "../src/devices/open-devices.ts";
import { assess } from "../src/health/assess.ts";
import type { Part } from "../src/health/part.ts";
import { trustedGpsTimeMs } from "../src/health/time-sources.ts";
import { memoryOutbox } from "../src/outbox/memory-outbox.ts";
import { FakeBroker } from "../src/testing/fake-broker.ts";
import { FakeRadio } from "../src/testing/fake-devices.ts";

/** Tells when something came from a device, and when it could not be opened. */
class WatchedBoard extends StatusBoard {
  onChange: () => void = () => {};
  readonly #timesLost = new Map<string, number>();

  constructor() {
    super();
    const { links } = this;
    const set = links.set.bind(links);
    links.set = (name, state, ...rest) => {
      set(name, state, ...rest);
      if (state === "lost") this.#timesLost.set(name, this.timesLost(name) + 1);
      this.onChange();
    };
  }

  /** How often it was lost or could not be opened. */
  timesLost(name: string): number {
    return this.#timesLost.get(name) ?? 0;
  }

  override countReading(name: string, atMs: number): void {
    super.countReading(name, atMs);
    this.onChange();
  }
}

/** The agent in this process, over real ports; its own time stands still unless it is told to pass. */
export class AttachedHotspot implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly board = new WatchedBoard();
  readonly broker = new FakeBroker();
  readonly logged: string[] = [];
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  readonly #waiting = new Set<() => void>();

  constructor(sensors: readonly SensorConfig[], gps: GpsConfig = { type: "none" }, lora?: LoraConfig) {
    const check = () => {
      for (const look of this.#waiting) look();
    };
    this.board.onChange = check;
    const openGps = gpsOpener(gps, this.clock);
    const gpsTime = () => trustedGpsTimeMs(this.board.snapshot(this.clock));
    const openRadio =
      lora === undefined ? new FakeRadio().open : radioOpener(lora, this.clock, silentLog, gpsTime);
    this.#running = runAgent(
      {
        config: {
          network: { name: "test", publicKey: signerFromSeed(new Uint8Array(32).fill(9)).publicKey },
          hotspot: {
            ...{ latE7: 473_667_000, lonE7: 85_500_000, elevationM: 12, antennaGainDdbi: 30 },
            ...{ region: "EU868", payee: null },
          },
          ...{ maxPowerDbm: 27, statusPeriodMs: 60_000, readingPeriodMs: 300_000 },
        },
        ...{ clock: this.clock, random: seededRandom(1), version: "test", board: this.board },
        log: logTo(
          (level, message, fields) => {
            this.logged.push(`${level} ${message} ${JSON.stringify(fields)}`);
            check();
          },
          () => false,
        ),
        signer: signerFromSeed(new Uint8Array(32).fill(1)),
        outbox: memoryOutbox({ clock: this.clock }),
        openPublisher: this.broker.open,
        openRadio,
        sensors: sensorDevices(sensors, this.clock),
        ...(openGps === undefined ? {} : { openGps, gpsType: gps.type }),
      },
      this.#stop.signal,
    );
  }

  /** Resolves once `holds`; it is asked again with each reading and each line of the log. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  /** Lines of the log so far that hold `text`. */
  count(text: string): number {
    return this.logged.filter((line) => line.includes(text)).length;
  }

  /** Resolves with the next line of the log that holds `text`. */
  async next(text: string): Promise<void> {
    const before = this.count(text);
    await this.until(() => this.count(text) > before);
  }

  /** What page and `status` say of one part. */
  part(title: string): Part {
    const found = assess(this.board.snapshot(this.clock)).parts.find((part) => part.title === title);
    if (found === undefined) throw new Error(`There is no part ${title}`);
    return found;
  }

  sensor(source: string) {
    const found = this.board.snapshot(this.clock).sensors.find((one) => one.source === source);
    if (found === undefined) throw new Error(`There is no sensor ${source}`);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
