import {
  type DatagramSocket,
  decodeGwmp,
  decodeTxpk,
  encodeGwmp,
  encodePushData,
  encodeTxpkAck,
  type GwmpDatagram,
  type SocketAddress,
  type Txpk,
  type TxpkAck,
  type WrittenStat,
} from "@earshot/drivers";
import type { Clock, Region } from "@earshot/protocol";
import type { Ether } from "../radio/ether.ts";
import { normal, randomFor } from "../radio/random.ts";
import type { Reception, Station } from "../radio/station.ts";

interface ForwarderOptions {
  clock: Clock;
  seed: number;
  ether: Ether;
  station: Station;
  /** Channels it listens on and range it may send in. */
  region: Region;
  /** 16 hex digits. */
  gatewayEui: string;
  /** Two sockets, as the real program has: one for uplinks, one for downlinks with the keepalive. */
  up: DatagramSocket;
  down: DatagramSocket;
  server: SocketAddress;
  /** Whether it has GPS time (`tmms`) to put on its receptions. */
  hasGpsTime: boolean;
  keepalivePeriodMs?: number;
  statPeriodMs?: number;
}

const VERSION = 2;
/** As shipped with sx1302_hal; its keepalive is 10 s in most configurations. */
const KEEPALIVE_PERIOD_MS = 10_000;
const STAT_PERIOD_MS = 30_000;
/** The strongest entry in the transmit gain table of sx1302 boards. */
const MAX_POWER_DBM = 27;
const TMST_RANGE = 2 ** 32;
/** Of the oscillators of concentrators: half a part in a million at 868 MHz. */
const OSCILLATOR_SPREAD_HZ = 400;
/** Of one reading: as many real ones of one radio differ by a median of 4 Hz from frame to frame. */
const OFFSET_NOISE_HZ = 4.2;

/** How far a station's oscillator is off, and so all that it sends and its idea of all that it hears. */
const oscillatorOffsetHz = (seed: number, stationId: string): number =>
  OSCILLATOR_SPREAD_HZ * normal(randomFor("oscillator", seed, stationId));

/** What a forwarder counts between two `stat` reports. */
class ForwarderCounters {
  received = 0;
  receivedOk = 0;
  pushed = 0;
  acknowledged = 0;
  downlinks = 0;
  transmitted = 0;

  /** The counts of the interval that ends now; all start again from 0. */
  takeInterval(atMs: number): WrittenStat {
    const { received, receivedOk, pushed, acknowledged, downlinks, transmitted } = this;
    const ackPercent = pushed === 0 ? 0 : Math.min(100, Math.round((1000 * acknowledged) / pushed) / 10);
    Object.assign(this, new ForwarderCounters());
    return { atMs, received, receivedOk, forwarded: receivedOk, ackPercent, downlinks, transmitted };
  }
}

/** A packet forwarder with its concentrator on simulated radio: the client side of the Semtech UDP protocol. */
export class VirtualForwarder {
  readonly #options: ForwarderOptions;
  readonly #counters = new ForwarderCounters();
  readonly #bootMs: number;
  readonly #bootTmstUs: number;
  #token: number;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    const random = randomFor("concentrator", options.seed, options.station.id);
    this.#bootMs = options.clock.now();
    this.#bootTmstUs = Math.floor(random() * TMST_RANGE);
    this.#token = Math.floor(random() * 0x10000);
  }

  /** Runs until `signal` is aborted, then closes its sockets and resolves. Rejects when a socket is lost. */
  async run(signal: AbortSignal): Promise<void> {
    const { ether, station, up, down } = this.#options;
    const stop = new AbortController();
    const ended = AbortSignal.any([signal, stop.signal]);
    const leave = ether.join(station, (reception) => void this.#onReception(reception));
    ended.addEventListener("abort", () => void Promise.all([up.close(), down.close()]), { once: true });
    const { keepalivePeriodMs = KEEPALIVE_PERIOD_MS, statPeriodMs = STAT_PERIOD_MS } = this.#options;
    const parts = [
      this.#readAll(up, ended),
      this.#readAll(down, ended),
      this.#every(keepalivePeriodMs, () => this.#pull(), ended),
      this.#every(statPeriodMs, () => this.#pushStat(statPeriodMs), ended),
    ];
    try {
      await Promise.all(parts);
    } finally {
      leave();
      stop.abort();
      await Promise.allSettled(parts);
    }
  }

  async #readAll(socket: DatagramSocket, signal: AbortSignal): Promise<void> {
    for await (const { bytes } of socket) {
      const decoded = decodeGwmp(bytes);
      if (!decoded.ok) continue;
      if (decoded.datagram.type === "PUSH_ACK") this.#counters.acknowledged += 1;
      if (decoded.datagram.type === "PULL_RESP") await this.#onPullResp(decoded.datagram, signal);
    }
  }

  async #onPullResp(datagram: GwmpDatagram & { type: "PULL_RESP" }, signal: AbortSignal): Promise<void> {
    this.#counters.downlinks += 1;
    const decoded = decodeTxpk(datagram.json);
    const ack: TxpkAck = decoded.ok
      ? this.#checkTransmission(decoded.txpk)
      : { sent: false, error: "UNKNOWN" };
    if (decoded.ok && ack.sent) {
      const powerDbm = ack.powerDbm ?? decoded.txpk.powerDbm;
      // Not awaited: the forwarder answers while its concentrator sends.
      void this.#send({ ...decoded.txpk, powerDbm }, signal);
    }
    const { gatewayEui } = this.#options;
    await this.#sendDown({
      type: "TX_ACK",
      version: VERSION,
      token: datagram.token,
      gatewayEui,
      json: encodeTxpkAck(ack),
    });
  }

  #checkTransmission({ freqHz, powerDbm }: Txpk): TxpkAck {
    const [minHz, maxHz] = this.#options.region.rangeHz;
    if (freqHz < minHz || freqHz > maxHz) return { sent: false, error: "TX_FREQ" };
    if (this.#options.ether.isSending(this.#options.station.id)) {
      return { sent: false, error: "COLLISION_PACKET" };
    }
    return powerDbm > MAX_POWER_DBM ? { sent: true, powerDbm: MAX_POWER_DBM } : { sent: true };
  }

  async #send(txpk: Txpk, signal: AbortSignal): Promise<void> {
    const { ether, station } = this.#options;
    const { bytes, freqHz, spreadingFactor, bandwidthHz, powerDbm } = txpk;
    this.#counters.transmitted += 1;
    try {
      await ether.transmit(
        { from: station.id, bytes, freqHz, spreadingFactor, bandwidthHz, powerDbm },
        signal,
      );
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #onReception(reception: Reception): Promise<void> {
    const channel = this.#options.region.beaconChannelsHz.indexOf(reception.transmission.freqHz);
    if (channel < 0) return;
    this.#counters.received += 1;
    // As shipped, frames with a bad CRC are counted and not passed on.
    if (reception.crc === "bad") return;
    this.#counters.receivedOk += 1;
    await this.#push(encodePushData({ receptions: [{ frame: this.#frameOf(reception, channel) }] }));
  }

  #frameOf(reception: Reception, channel: number) {
    const { transmission, endMs, rssiDbm, snrDb } = reception;
    const { bytes, freqHz, spreadingFactor, bandwidthHz } = transmission;
    const elapsedUs = Math.round((endMs - this.#bootMs) * 1000);
    return {
      kind: "frame",
      modulation: "lora",
      atMs: this.#options.clock.now(),
      bytes,
      freqHz,
      spreadingFactor,
      bandwidthHz,
      codingRate: "4/5",
      rssiDbm,
      // The demodulator's estimate saturates: strong signals all read some 10 to 14 dB.
      snrDb: Math.min(snrDb, 12),
      tmstUs: (this.#bootTmstUs + elapsedUs) % TMST_RANGE,
      ...(this.#options.hasGpsTime ? { gpsTimeMs: Math.floor(endMs) } : {}),
      freqOffsetHz: this.#freqOffsetHz(reception),
      channel,
      radio: channel < 4 ? 0 : 1,
    } as const;
  }

  /** As an SX1302 measures it: the sender's offset less this radio's own. */
  #freqOffsetHz({ transmission: { from }, endMs }: Reception): number {
    const { seed, station } = this.#options;
    const noiseHz = OFFSET_NOISE_HZ * normal(randomFor("offset-noise", seed, from, station.id, endMs));
    return Math.round(oscillatorOffsetHz(seed, from) - oscillatorOffsetHz(seed, station.id) + noiseHz);
  }

  async #pushStat(periodMs: number): Promise<void> {
    if (this.#options.clock.now() - this.#bootMs < periodMs) return;
    const stat = this.#counters.takeInterval(this.#options.clock.now());
    await this.#push(encodePushData({ stat: { ...stat, temperatureC: 31.5 } }));
  }

  async #push(json: Uint8Array): Promise<void> {
    const { up, server, gatewayEui } = this.#options;
    this.#counters.pushed += 1;
    const token = this.#nextToken();
    await quietly(
      up.send(encodeGwmp({ type: "PUSH_DATA", version: VERSION, token, gatewayEui, json }), server),
    );
  }

  async #pull(): Promise<void> {
    const { gatewayEui } = this.#options;
    await this.#sendDown({ type: "PULL_DATA", version: VERSION, token: this.#nextToken(), gatewayEui });
  }

  #sendDown(datagram: GwmpDatagram): Promise<void> {
    return quietly(this.#options.down.send(encodeGwmp(datagram), this.#options.server));
  }

  #nextToken(): number {
    this.#token = (this.#token + 1) & 0xffff;
    return this.#token;
  }

  async #every(periodMs: number, act: () => Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        await act();
        await this.#options.clock.sleep(periodMs, signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** A forwarder ignores datagrams that cannot be sent, and does not repeat them. */
const quietly = (sending: Promise<void>): Promise<void> => sending.catch(() => {});
