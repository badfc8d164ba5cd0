import { type Log, REGIONS, silentLog } from "@earshot/protocol/hotspot";
import { errorText, OutageLog } from "@earshot/protocol/runtime";
import { LinkLostError, type SocketAddress } from "../../driver.ts";
import { ReadingQueue } from "../../link/reading-queue.ts";
import type { LoraReading, LoraTransmission, TransmitResult } from "../lora-reading.ts";
import { wholeDbm } from "../txpk.ts";
import { dnmsgBody, writeDnmsg } from "./dnmsg.ts";
import { PendingDownlinks } from "./pending-downlinks.ts";
import { isAuthorised, stationEndpoint } from "./station-access.ts";
import type {
  RefusedStatus,
  StationConnection,
  StationListener,
  StationRequest,
  StationTrouble,
} from "./station-connection.ts";
import { type BasicsStationCounts, StationCounters } from "./station-counters.ts";
import { answerDiscovery, baseUriOf } from "./station-discovery.ts";
import type {
  BasicsStationOptions,
  BasicsStationRadio,
  StationRefusal,
  StationState,
} from "./station-radio.ts";
import { type SessionHost, StationSession } from "./station-session.ts";
import { type StationRecord, StationTable, statusOf } from "./station-table.ts";
import { StationUplinkReader } from "./station-uplink.ts";
import { Watchdog } from "./watchdog.ts";

/** Beyond two for each station: its session and the one that replaces it. For those that ask where to connect. */
const SPARE_CONNECTIONS = 8;

const TROUBLES: Readonly<Record<RefusedStatus, StationTrouble>> = {
  401: "token",
  403: "web-page",
  404: "path",
  503: "full",
};

export interface StationServerOptions extends BasicsStationOptions {
  listener: StationListener;
  powerDbm: number;
}

/** See `openBasicsStation`. */
export class BasicsStationServer implements BasicsStationRadio {
  readonly name: string;
  readonly local: SocketAddress;
  readonly powerDbm: number;
  readonly #options: StationServerOptions;
  readonly #listener: StationListener;
  readonly #counters: StationCounters;
  readonly #stations: StationTable<StationSession>;
  readonly #pending: PendingDownlinks;
  readonly #watchdog: Watchdog;
  readonly #readings: ReadingQueue<LoraReading>;
  readonly #host: SessionHost;
  readonly #log: Log;
  readonly #channels: number;
  #lastRefusal: StationRefusal | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: StationServerOptions) {
    const { listener, clock, region, log = silentLog, capacity = 1024, maxStations = 16 } = options;
    this.#options = options;
    this.#listener = listener;
    this.#log = log;
    this.#counters = new StationCounters(clock, log);
    this.local = listener.local;
    this.name = `basics-station ${this.local.host}:${this.local.port}`;
    this.powerDbm = options.powerDbm;
    this.#channels = REGIONS[region].beaconChannelsHz.length;
    this.#stations = new StationTable(maxStations, (eui) => new OutageLog(`station ${eui}`, clock, log));
    this.#pending = new PendingDownlinks(clock);
    this.#readings = new ReadingQueue({ capacity, onLeave: () => this.close() });
    this.#host = this.#sessionHost();
    const limit = maxStations * 2 + SPARE_CONNECTIONS;
    this.#watchdog = new Watchdog({ clock, limit, onStatus: () => this.#emitStatus() });
    listener.start({
      admit: (request) => this.#admit(request),
      opened: (connection) => this.#open(connection),
      refused: (trouble, host) => this.#refused(trouble, host),
      lost: (error) => this.#lose(error),
    });
  }

  counts(): Readonly<BasicsStationCounts> {
    return this.#counters.snapshot(this.#readings.dropped);
  }

  stations(): StationState[] {
    const elapsedMs = this.#options.clock.elapsedMs();
    return this.#stations.all.map((record) => {
      const { gatewayEui, lastSeenElapsedMs, session, outages, version, model, partOf } = record;
      const sharedBy = partOf === undefined ? this.#stations.sharedBy(record, elapsedMs) : undefined;
      return {
        gatewayEui,
        lastSeenElapsedMs,
        lostInHour: outages.lostInHour,
        ...(session === undefined ? {} : { host: session.address.host }),
        isConnected: session !== undefined,
        canTransmit: session?.isReady === true,
        ...(version === undefined ? {} : { version }),
        ...(model === undefined ? {} : { model }),
        ...(sharedBy === undefined ? {} : { sharedBy }),
      };
    });
  }

  lastRefusal(): StationRefusal | undefined {
    return this.#lastRefusal;
  }

  certificateProblem(): string | undefined {
    return this.#listener.certificateProblem;
  }

  async transmit(transmission: LoraTransmission): Promise<TransmitResult> {
    const body = dnmsgBody(this.#options.region, transmission);
    const askedDbm = wholeDbm(transmission.powerDbm);
    if (this.#readings.ended) return { sent: false, error: "CLOSED" };
    if (askedDbm < this.powerDbm) return { sent: false, error: "TX_POWER" };
    const record = this.#stations.forTransmit(transmission.gatewayEui);
    if (record?.session === undefined) return { sent: false, error: "NO_FORWARDER" };
    const pending = this.#pending.add(record.session);
    if (pending === undefined) return { sent: false, error: "QUEUE_FULL" };
    const text = writeDnmsg(
      body,
      pending.diid,
      record.partOf ?? record.gatewayEui,
      this.#options.clock.now(),
    );
    if (!record.session.send(text)) pending.settle({ sent: false, error: "SEND_FAILED" });
    const result = await pending.result;
    if (result.sent) record.counters.transmitted += 1;
    return result;
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

  #close(): Promise<void> {
    this.#readings.end();
    return this.#release();
  }

  #lose(error: Error): void {
    this.#readings.fail(new LinkLostError(`Lost ${this.name}: ${errorText(error)}`, { cause: error }));
    this.#closing ??= this.#release();
  }

  /** A listener that fails to close is gone all the same. */
  async #release(): Promise<void> {
    this.#pending.close();
    this.#watchdog.stop();
    await this.#listener.close().catch(() => {});
  }

  #sessionHost(): SessionHost {
    const { clock, region, gpsTimeMs = () => undefined } = this.#options;
    return {
      clock,
      log: this.#log,
      region,
      powerDbm: this.powerDbm,
      uplinks: new StationUplinkReader(region),
      counters: this.#counters,
      gpsTimeMs,
      push: (reading) => this.#readings.push(reading),
      moved: (record) => this.#pushStatus(record),
      confirmed: (session, diid, tmstUs) => {
        const { powerDbm } = this;
        const result = { sent: true, powerDbm, ...(tmstUs === undefined ? {} : { tmstUs }) } as const;
        return this.#pending.confirm(diid, session, result);
      },
    };
  }

  #admit(request: StationRequest): 101 | RefusedStatus {
    const { origin, remote } = request;
    const status = origin === undefined ? this.#statusFor(request) : 403;
    if (status !== 101) this.#refused(TROUBLES[status], remote.host);
    return status;
  }

  #refused(trouble: StationTrouble, host: string): void {
    this.#counters.refuseRequest();
    this.#log.debug("A station was turned away", { trouble, host });
    this.#lastRefusal = { trouble, host, elapsedMs: this.#options.clock.elapsedMs() };
  }

  #statusFor({ path, authorization }: StationRequest): 101 | RefusedStatus {
    const { tokens } = this.#options;
    if (tokens !== undefined && !isAuthorised(tokens, authorization)) return 401;
    const endpoint = stationEndpoint(path);
    if (endpoint === undefined) return 404;
    if (this.#readings.ended || !this.#watchdog.hasRoom()) return 503;
    return endpoint.kind === "discovery" || this.#stations.hasRoomFor(endpoint.gatewayEui) ? 101 : 503;
  }

  #open(connection: StationConnection): void {
    const endpoint = stationEndpoint(connection.request.path);
    if (endpoint?.kind === "router") this.#openSession(connection, endpoint.gatewayEui);
    else this.#openDiscovery(connection);
  }

  #openDiscovery(connection: StationConnection): void {
    const watched = this.#watchdog.watch(connection, { isBrief: true, onSilent: () => {} });
    connection.listen({
      text: (text) => this.#discover(connection, text),
      binary: (byteCount) => this.#refuseBinary(byteCount),
      alive: () => {},
      broken: () => this.#countBroken(),
      closed: () => this.#watchdog.forget(watched),
    });
  }

  /** The station closes when it has its answer. */
  #discover(connection: StationConnection, text: string): void {
    const { host } = connection.request;
    const baseUri = this.#options.baseUri ?? baseUriOf(host, this.#listener.isSecure, this.local.port) ?? "";
    const refusal = (gatewayEui: string) => {
      if (baseUri === "") return "The request's Host header names no host";
      return this.#stations.hasRoomFor(gatewayEui) ? undefined : "Too many stations are connected";
    };
    const { ok, json } = answerDiscovery(text, { baseUri, refusal });
    if (ok) this.#counters.frames += 1;
    else this.#counters.refuseRequest();
    connection.send(json);
  }

  #openSession(connection: StationConnection, gatewayEui: string): void {
    const { remote } = connection.request;
    const record = this.#stations.recordFor(gatewayEui, remote, this.#options.clock.elapsedMs());
    if (record === undefined) {
      connection.terminate();
      return;
    }
    this.#replace(record);
    const session = new StationSession(connection, record, this.#host);
    record.session = session;
    this.#warnIfShared(gatewayEui);
    const watched = this.#watchdog.watch(connection, { onSilent: () => this.#reportSilence(record) });
    connection.listen({
      text: (text) => {
        watched.noteAlive();
        session.receive(text);
        if (session.isReady) watched.keep();
      },
      binary: (byteCount) => {
        watched.noteAlive();
        this.#refuseBinary(byteCount);
      },
      alive: () => watched.noteAlive(),
      broken: () => this.#countBroken(),
      closed: () => {
        this.#watchdog.forget(watched);
        this.#endSession(record, session);
      },
    });
  }

  #warnIfShared(gatewayEui: string): void {
    const elapsedMs = this.#options.clock.elapsedMs();
    const record = this.#stations.find(gatewayEui);
    if (record === undefined || !record.turns.isWarningDue(elapsedMs)) return;
    const addresses = this.#stations.sharedBy(record, elapsedMs);
    this.#log.warn("Several concentrators use one EUI: give each its own", { gatewayEui, addresses });
  }

  /** A station that connects anew has given its old connection up, even where that one still looks open. */
  #replace(record: StationRecord<StationSession>): void {
    const { session, gatewayEui } = record;
    if (session === undefined) return;
    this.#counters.replacedSessions += 1;
    record.outages.down("info", "A station connected again; its earlier connection is closed", {
      gatewayEui,
    });
    delete record.session;
    this.#pending.abandon(session);
    session.end();
  }

  #endSession(record: StationRecord<StationSession>, session: StationSession): void {
    this.#pending.abandon(session);
    if (record.session !== session) return;
    delete record.session;
    record.outages.down("info", "A station disconnected", { gatewayEui: record.gatewayEui });
  }

  #reportSilence({ gatewayEui, outages }: StationRecord<StationSession>): void {
    this.#countBroken();
    outages.down("warn", "A station does not answer; its connection is closed", { gatewayEui });
  }

  #countBroken(): void {
    this.#counters.brokenConnections += 1;
  }

  #refuseBinary(byteCount: number): void {
    this.#counters.refuseMessage();
    this.#counters.garbageBytes += byteCount;
  }

  #emitStatus(): void {
    for (const record of this.#stations.all) {
      if (record.session?.isReady === true) this.#pushStatus(record);
    }
  }

  #pushStatus(record: StationRecord<StationSession>): void {
    this.#readings.push(statusOf(record, this.#channels, this.#options.clock.now()));
  }
}
