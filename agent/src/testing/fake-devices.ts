import {
  type Driver,
  type DriverCounts,
  type GpsReading,
  LinkLostError,
  type LinuxReading,
  type LoraReading,
  type LoraTransmission,
  ReadingQueue,
  type TransmitResult,
} from "@earshot/drivers";
import type { AgentRadio } from "../devices/run-radio.ts";

/** A device whose readings the test makes. Opens again after `lose()` while `isPresent`. */
export class FakeDevice<R> {
  isPresent = true;
  opens = 0;
  closes = 0;
  protected current: ReadingQueue<R> | undefined;

  read(reading: R): void {
    this.current?.push(reading);
  }

  lose(): void {
    this.isPresent = false;
    this.current?.fail(new LinkLostError("Lost the fake device"));
    this.current = undefined;
  }

  protected openQueue(): ReadingQueue<R> {
    if (!this.isPresent) throw new LinkLostError("Cannot open the fake device");
    this.opens += 1;
    this.current = new ReadingQueue<R>({ capacity: 1024 });
    return this.current;
  }

  protected driverOf(queue: ReadingQueue<R>, name: string): Driver<R> {
    const close = async () => {
      if (!queue.ended) this.closes += 1;
      queue.end();
    };
    return {
      name,
      counts: (): DriverCounts => ({
        frames: 0,
        badFrames: 0,
        garbageBytes: 0,
        droppedReadings: queue.dropped,
      }),
      close,
      [Symbol.asyncDispose]: close,
      [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
    };
  }
}

export class FakeGps extends FakeDevice<GpsReading> {
  readonly open = async (): Promise<Driver<GpsReading>> => this.driverOf(this.openQueue(), "fake gps");
}

export class FakeMachine extends FakeDevice<LinuxReading> {
  readonly open = async (): Promise<Driver<LinuxReading>> => this.driverOf(this.openQueue(), "fake machine");
}

export class FakeRadio extends FakeDevice<LoraReading> {
  readonly transmissions: LoraTransmission[] = [];
  /** What transmitting answers; sent as asked unless changed. */
  answer: (transmission: LoraTransmission) => TransmitResult = ({ powerDbm }) => ({ sent: true, powerDbm });

  /** Waited for before each answer. */
  beforeAnswer: () => Promise<void> = async () => {};

  /** Told as the reason why beacons with it prove nothing. */
  cannotBeacon: string | undefined;

  /** Concentrators behind it that can transmit; a radio without any unless given. */
  concentrators: string[] | undefined;

  /** Whether they run on the agent's machine; not known unless given. */
  isOnThisMachine: boolean | undefined;

  readonly open = async (): Promise<AgentRadio> => {
    const driver = this.driverOf(this.openQueue(), "fake radio");
    const cannot = this.cannotBeacon === undefined ? {} : { cannotBeacon: this.cannotBeacon };
    const forwarderFacts = () =>
      (this.concentrators ?? []).map((gatewayEui) => ({
        ...{ gatewayEui, lastSeenMs: 0, canTransmit: true },
        ...(this.isOnThisMachine === undefined ? {} : { isOnThisMachine: this.isOnThisMachine }),
      }));
    const behind = this.concentrators === undefined ? {} : { forwarderFacts };
    return Object.assign(driver, cannot, behind, {
      transmit: async (transmission: LoraTransmission) => {
        this.transmissions.push(transmission);
        await this.beforeAnswer();
        return this.answer(transmission);
      },
    });
  };
}
