import {
  type Clock,
  type Log,
  REGIONS,
  type RegionId,
  readClock,
  silentLog,
} from "@earshot/protocol/hotspot";
import { errorText } from "@earshot/protocol/runtime";
import {
  type Datagram,
  type DatagramSocket,
  type DriverCounts,
  type FrameRefusals,
  LinkLostError,
  type SocketAddress,
} from "../driver.ts";
import { ReadingQueue } from "../link/reading-queue.ts";
import { type BindUdpOptions, bindUdp } from "../link/udp-socket.ts";
import { type Forwarder, ForwarderTable, isReachable } from "./forwarder-table.ts";
import { decodeGwmp, encodeGwmp, type GwmpDatagram, type GwmpVersion } from "./gwmp-datagram.ts";
import type { LoraRadio, LoraReading, LoraTransmission, TransmitResult } from "./lora-reading.ts";
import { PendingTransmits } from "./pending-transmits.ts";
import { sharedName } from "./shared-eui.ts";
import { encodeTxpk, wholeDbm } from "./txpk.ts";
import { decodeTxpkAck } from "./txpk-ack.ts";
import { type UplinkCounts, UplinkReader } from "./uplink-reader.ts";

export interface SemtechUdpOptions {
  clock: Clock;
  log?: Log;
  /** Readings queued for a slow consumer; beyond it the oldest is dropped. 1024 unless given. */
  capacity?: number;
  /** Forwarders served at once. 16 unless given. */
  maxForwarders?: number;
  /** Frames outside its channel plan are counted, in `RadioStatus.rxOffPlan`. */
  region?: RegionId;
}

export interface SemtechUdpCounts extends DriverCounts, UplinkCounts {
  refusals: FrameRefusals;
  /** TX_ACK that nothing waited for: late, repeated, or from another concentrator. */
  strayAcks: number;
  /** Acknowledgements and transmissions that the socket would not send. */
  failedSends: number;
}

/** What is known of one forwarder, for a status page. */
export interface ForwarderState {
  gatewayEui: string;
  version: GwmpVersion;
  /** Its last datagram, by the monotonic clock. */
  lastSeenElapsedMs: number;
  /** The address that its last datagram came from. */
  host?: string;
  /** Where transmissions go, and when the PULL_DATA came that gave the address. */
  downlink?: { address: SocketAddress; elapsedMs: number };
  /** Whether it can be reached now: it has asked for work in the last 90 s. */
  canTransmit: boolean;
  /** Where it comes from, when it is more than one concentrator: all of them use this EUI. */
  sharedBy?: string[];
}

/** The server that packet forwarders connect to, as a radio. */
export interface SemtechUdpRadio extends LoraRadio {
  readonly local: SocketAddress;
  counts(): Readonly<SemtechUdpCounts>;
  forwarders(): ForwarderState[];
}

/**
 * Serves packet forwarders that speak Semtech UDP, version 1 or 2, on `socket`, and closes it with itself.
 *
 * - Each PUSH_DATA and PULL_DATA is acknowledged before it is read. Datagrams are never distinguished by token.
 * - Frames with a good CRC come out, less the second readings of one transmission (`DuplicateFilter`). A
 *   `RadioStatus` comes with each `stat`, at most one a second for each forwarder.
 * - `transmit()` sends at once, to where the forwarder's last PULL_DATA came from, and waits up to 5 s for the
 *   TX_ACK (`NO_ACK`). `NO_FORWARDER`: no PULL_DATA for 90 s. A forwarder of version 1 never answers: its
 *   transmission counts as sent and is marked `unacknowledged`. A TX_POWER warning means sent at another power, and
 *   the result says which. It rejects with RangeError for a transmission no forwarder can send, before sending.
 */
export function openSemtechUdp(options: SemtechUdpOptions & { socket: DatagramSocket }): SemtechUdpRadio {
  return new SemtechUdpServer(options);
}

/**
 * Binds a UDP socket, usually port 1700, and serves on it. The protocol has no authentication: bind a loopback
 * address unless forwarders run on other machines.
 *
 * @throws {LinkLostError} when the address cannot be bound.
 */
export async function listenSemtechUdp(
  options: SemtechUdpOptions & Pick<BindUdpOptions, "host" | "port">,
): Promise<SemtechUdpRadio> {
  const { host, port, ...rest } = options;
  return openSemtechUdp({ ...rest, socket: await bindUdp({ host, port }) });
}

const MOVED_EACH_MS = 3_600_000;

class SemtechUdpServer implements SemtechUdpRadio {
  readonly name: string;
  readonly local: SocketAddress;
  readonly #socket: DatagramSocket;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #forwarders: ForwarderTable;
  readonly #pending: PendingTransmits;
  readonly #uplink: UplinkReader;
  readonly #readings: ReadingQueue<LoraReading>;
  readonly #running: Promise<void>;
  readonly #own = { badFrames: 0, garbageBytes: 0, strayAcks: 0, failedSends: 0 };
  #closingSocket: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: SemtechUdpOptions & { socket: DatagramSocket }) {
    const { socket, clock, log = silentLog, capacity = 1024, maxForwarders = 16, region } = options;
    this.local = socket.local;
    this.name = `semtech-udp ${this.local.host}:${this.local.port}`;
    this.#socket = socket;
    this.#clock = clock;
    this.#log = log;
    this.#forwarders = new ForwarderTable(maxForwarders, region && REGIONS[region].beaconChannelsHz);
    this.#pending = new PendingTransmits(clock);
    this.#uplink = new UplinkReader(clock, log);
    this.#readings = new ReadingQueue({ capacity, onLeave: () => this.close() });
    this.#running = this.#run();
  }

  counts(): Readonly<SemtechUdpCounts> {
    const uplink = this.#uplink.counts();
    const badFrames = uplink.badFrames + this.#own.badFrames;
    return { ...uplink, ...this.#own, badFrames, droppedReadings: this.#readings.dropped };
  }

  forwarders(): ForwarderState[] {
    const elapsedMs = this.#clock.elapsedMs();
    return this.#forwarders.all
      .filter(({ isPart }) => isPart === undefined)
      .map((forwarder) => {
        const { gatewayEui, version, lastSeenElapsedMs, host, downlink, turns } = forwarder;
        return {
          ...{ gatewayEui, version, lastSeenElapsedMs, canTransmit: isReachable(forwarder, elapsedMs) },
          ...(host === undefined ? {} : { host }),
          ...(downlink === undefined ? {} : { downlink: { ...downlink } }),
          ...(turns.isShared(elapsedMs) ? { sharedBy: addressesOf(forwarder, elapsedMs) } : {}),
        };
      });
  }

  async transmit(transmission: LoraTransmission): Promise<TransmitResult> {
    const json = encodeTxpk(transmission);
    const powerDbm = wholeDbm(transmission.powerDbm);
    if (this.#readings.ended) return { sent: false, error: "CLOSED" };
    const forwarder = this.#forwarders.forTransmit(this.#clock.elapsedMs(), transmission.gatewayEui);
    if (forwarder?.downlink === undefined) return { sent: false, error: "NO_FORWARDER" };
    const result =
      forwarder.version === 1
        ? await this.#transmitUnacknowledged(forwarder, forwarder.downlink.address, json, powerDbm)
        : await this.#transmitAcknowledged(forwarder, forwarder.downlink.address, json, powerDbm);
    if (result.sent) forwarder.counters.transmitted += 1;
    return result;
  }

  async #transmitUnacknowledged(
    { version }: Forwarder,
    to: SocketAddress,
    json: Uint8Array,
    powerDbm: number,
  ): Promise<TransmitResult> {
    const token = this.#pending.nextToken();
    if (!(await this.#send({ type: "PULL_RESP", version, token, json }, to))) {
      return { sent: false, error: "SEND_FAILED" };
    }
    return { sent: true, powerDbm, unacknowledged: true };
  }

  async #transmitAcknowledged(
    { version, gatewayEui }: Forwarder,
    to: SocketAddress,
    json: Uint8Array,
    powerDbm: number,
  ): Promise<TransmitResult> {
    const pending = this.#pending.add(gatewayEui, powerDbm);
    if (pending === undefined) return { sent: false, error: "QUEUE_FULL" };
    if (!(await this.#send({ type: "PULL_RESP", version, token: pending.token, json }, to))) {
      pending.settle({ sent: false, error: "SEND_FAILED" });
    }
    return pending.result;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncIterator](): AsyncIterator<LoraReading, undefined> {
    return this.#readings[Symbol.asyncIterator]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#readings.end();
    this.#pending.close();
    await this.#closeSocket();
    await this.#running;
  }

  async #run(): Promise<void> {
    let why = "the socket ended";
    try {
      for await (const datagram of this.#socket) await this.#receive(datagram);
    } catch (error) {
      why = errorText(error);
    }
    this.#readings.fail(new LinkLostError(`Lost ${this.name}: ${why}`));
    this.#pending.close();
    await this.#closeSocket();
  }

  /** A socket that fails to close is gone all the same. */
  #closeSocket(): Promise<void> {
    this.#closingSocket ??= this.#socket.close().catch(() => {});
    return this.#closingSocket;
  }

  async #receive({ bytes, from }: Datagram): Promise<void> {
    const decoded = decodeGwmp(bytes);
    if (!decoded.ok) {
      this.#own.garbageBytes += bytes.length;
      this.#uplink.tally.count("datagram_foreign");
      return;
    }
    const { datagram } = decoded;
    if (!("gatewayEui" in datagram)) {
      // What a server sends: somebody mistook this one for a forwarder.
      this.#own.badFrames += 1;
      this.#uplink.tally.count("datagram_foreign");
      return;
    }
    const forwarder = this.#forwarderOf(datagram.gatewayEui, datagram.version);
    if (forwarder !== undefined) await this.#serve(forwarder, datagram, from);
  }

  async #serve(
    forwarder: Forwarder,
    datagram: GwmpDatagram & { gatewayEui: string },
    from: SocketAddress,
  ): Promise<void> {
    const { version, token, gatewayEui } = datagram;
    forwarder.host = from.host;
    switch (datagram.type) {
      case "PULL_DATA":
        this.#learnDownlink(forwarder, version, from);
        this.#warnIfShared(forwarder);
        await this.#send({ type: "PULL_ACK", version, token }, from);
        return;
      case "PUSH_DATA":
        forwarder.pushes.see(from, this.#clock.elapsedMs());
        this.#warnIfShared(forwarder);
        await this.#send({ type: "PUSH_ACK", version, token }, from);
        this.#onUplink(this.#partOf(forwarder, version, from), datagram.json);
        return;
      case "TX_ACK":
        if (!this.#pending.acknowledge(token, gatewayEui, decodeTxpkAck(datagram.json))) {
          this.#own.strayAcks += 1;
        }
    }
  }

  #onUplink(forwarder: Forwarder, json: Uint8Array): void {
    for (const reading of this.#uplink.read(forwarder, json, readClock(this.#clock))) {
      this.#readings.push(reading);
    }
  }

  #warnIfShared(forwarder: Forwarder): void {
    const elapsedMs = this.#clock.elapsedMs();
    if (!forwarder.turns.isWarningDue(elapsedMs)) return;
    const { gatewayEui } = forwarder;
    const addresses = addressesOf(forwarder, elapsedMs);
    this.#log.warn("Several concentrators use one EUI: give each its own", { gatewayEui, addresses });
  }

  /** Where several use one EUI, what each sends is kept apart by where it comes from. */
  #partOf(forwarder: Forwarder, version: GwmpVersion, from: SocketAddress): Forwarder {
    const elapsedMs = this.#clock.elapsedMs();
    if (!forwarder.turns.isShared(elapsedMs)) return forwarder;
    const name = sharedName(forwarder.gatewayEui, from);
    const part = this.#forwarders.find(name) ?? this.#forwarders.add(name, version, elapsedMs);
    if (part === undefined) return forwarder;
    forwarder.hasReported = true;
    part.isPart = true;
    part.lastSeenElapsedMs = elapsedMs;
    return part;
  }

  #forwarderOf(gatewayEui: string, version: GwmpVersion): Forwarder | undefined {
    const elapsedMs = this.#clock.elapsedMs();
    const known = this.#forwarders.find(gatewayEui);
    if (known !== undefined) {
      known.lastSeenElapsedMs = elapsedMs;
      return known;
    }
    const added = this.#forwarders.add(gatewayEui, version, elapsedMs);
    if (added !== undefined) this.#log.info("A packet forwarder connected", { gatewayEui, version });
    // The table is full of live ones that have reported: its datagrams are left unanswered.
    else this.#uplink.tally.count("forwarder_refused");
    return added;
  }

  #learnDownlink(forwarder: Forwarder, version: GwmpVersion, address: SocketAddress): void {
    const { gatewayEui, downlink, movedElapsedMs = Number.NEGATIVE_INFINITY } = forwarder;
    const elapsedMs = this.#clock.elapsedMs();
    // Some open a new socket for each datagram: that they move is logged once an hour.
    if (forwarder.pulls.see(address, elapsedMs) === "new" && elapsedMs - movedElapsedMs >= MOVED_EACH_MS) {
      const facts = { gatewayEui, before: downlink?.address, address };
      this.#log.info("A packet forwarder is reached at another address", facts);
      forwarder.movedElapsedMs = elapsedMs;
    }
    forwarder.version = version;
    forwarder.downlink = { address, elapsedMs };
  }

  async #send(datagram: GwmpDatagram, to: SocketAddress): Promise<boolean> {
    try {
      await this.#socket.send(encodeGwmp(datagram), to);
      return true;
    } catch (error) {
      this.#own.failedSends += 1;
      this.#log.debug("Could not send to a packet forwarder", { to, why: errorText(error) });
      return false;
    }
  }
}

/** Of one that is more than one concentrator: a forwarder has two sockets, of which either may distinguish them. */
function addressesOf({ pulls, pushes }: Forwarder, elapsedMs: number): string[] {
  const pushing = pushes.addresses(elapsedMs);
  return pushing.length > 1 ? pushing : pulls.addresses(elapsedMs);
}
