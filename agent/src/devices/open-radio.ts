import {
  type ByteLink,
  type ForwarderState,
  listenBasicsStation,
  listenSemtechUdp,
  type ModemRadio,
  openRak3172,
  openRn2483,
  openRylr998,
  type StationState,
  type StationTls,
} from "@earshot/drivers";
import { type Clock, type Log, readClock, toWallTime } from "@earshot/protocol/hotspot";
import { errorText, readTlsFiles, type TlsPaths } from "@earshot/protocol/runtime";
import type { ForwarderFacts, RadioSetup } from "../board/agent-status.ts";
import type { LoraConfig } from "../config/config.ts";
import type { OpenDevice } from "./open-device.ts";
import type { AgentRadio } from "./run-radio.ts";
import { openPort, portOf } from "./serial-port.ts";
import { DeviceTroubleError } from "./trouble.ts";

/** UTC from the GPS, ms since the Unix epoch; `undefined` while it cannot be trusted. */
export type GpsTime = () => number | undefined;

/**
 * How to open the radio that the configuration names.
 *
 * @param gpsTimeMs what stations that ask are told
 */
export function radioOpener(
  lora: LoraConfig,
  clock: Clock,
  log: Log,
  gpsTimeMs?: GpsTime,
): OpenDevice<AgentRadio> {
  switch (lora.type) {
    case "semtech-udp":
      return () => openForwarders(lora, clock, log);
    case "basics-station":
      return () => openStations(lora, clock, log, gpsTimeMs);
    case "rak3172":
    case "rylr998":
    case "rn2483":
      return () => openModem(lora, clock);
  }
}

type Udp = LoraConfig & { type: "semtech-udp" };

async function openForwarders({ listen, region }: Udp, clock: Clock, log: Log): Promise<AgentRadio> {
  const radio = await listenSemtechUdp({ ...listen, region, clock, log });
  const forwarderFacts = () => radio.forwarders().map((forwarder) => factsOf(forwarder, clock));
  return Object.assign(radio, { forwarderFacts });
}

/** What advice about the radio goes by. */
export function radioSetup(lora: LoraConfig): RadioSetup {
  const { type } = lora;
  if (!("listen" in lora)) return { type };
  const { listen } = lora;
  if (lora.type !== "basics-station") return { type, listen };
  return { type, listen, isSecure: lora.tls !== undefined, hasToken: lora.token !== undefined };
}

type Station = LoraConfig & { type: "basics-station" };

async function openStations(
  lora: Station,
  clock: Clock,
  log: Log,
  gpsTimeMs: GpsTime | undefined,
): Promise<AgentRadio> {
  const { listen, region, powerDbm, token, tls } = lora;
  const certificates = tls && new StationCertificates(tls, clock);
  const radio = await listenBasicsStation({
    ...{ ...listen, region, powerDbm, clock, log },
    ...(gpsTimeMs === undefined ? {} : { gpsTimeMs }),
    ...(token === undefined ? {} : { tokens: [token] }),
    ...(certificates === undefined ? {} : { tls: () => certificates.read() }),
  });
  const forwarderFacts = () => radio.stations().map((station) => factsOf(station, clock));
  return Object.assign(radio, {
    forwarderFacts,
    cannotBeacon: STATION_CANNOT_BEACON,
    cautions: () =>
      [radio.certificateProblem(), ...(certificates?.doubts ?? [])].filter((one) => one !== undefined),
  });
}

const factsOf = (
  { gatewayEui, lastSeenElapsedMs, canTransmit, sharedBy, ...more }: ForwarderState | StationState,
  clock: Clock,
): ForwarderFacts => ({
  gatewayEui,
  lastSeenMs: toWallTime(lastSeenElapsedMs, readClock(clock)),
  canTransmit,
  ...(sharedBy === undefined ? {} : { sharedBy }),
  ...("lostInHour" in more ? { lostInHour: more.lostInHour } : {}),
});

/** basicstation issue 26: Station 2.0.6 and earlier invert the polarity of all they send. */
const STATION_CANNOT_BEACON =
  "Basics Station sends with the polarity meant for devices, so no other hotspot would hear them";
const RYLR998_CANNOT_BEACON =
  "an RYLR998 is heard by its own kind only, because it puts a header of its own into each frame";

type Modem = Exclude<LoraConfig, { listen: unknown }>;

async function openModem(lora: Modem, clock: Clock): Promise<AgentRadio> {
  const radio = modemOver(await openPort(lora), lora, clock);
  const cannot = lora.type === "rylr998" ? { cannotBeacon: RYLR998_CANNOT_BEACON } : {};
  return Object.assign(radio, portOf(lora), cannot, { cautions: () => modemCautions(radio) });
}

function modemOver(link: ByteLink, lora: Modem, clock: Clock): ModemRadio {
  const { freqHz, spreadingFactor, bandwidthHz, maxPowerDbm } = lora;
  const options = { clock, freqHz, spreadingFactor, bandwidthHz, maxPowerDbm };
  switch (lora.type) {
    case "rak3172":
      return openRak3172(link, options);
    case "rn2483":
      return openRn2483(link, options);
    case "rylr998":
      return openRylr998(link, { ...options, networkId: lora.networkId, address: lora.address });
  }
}

function modemCautions(radio: ModemRadio): string[] {
  const { cautions, resets } = radio.modem();
  return [
    ...(resets > 0 ? [`It started again ${resets} times by itself: is its supply strong enough?`] : []),
    ...cautions,
  ];
}

const FILE_NAMES = { ca: "[lora] client_ca_file", cert: "[lora] cert_file", key: "[lora] key_file" };

/** Reads certificate, key and client authority again each time; knows what is doubtful about them, as that one expired. */
class StationCertificates {
  readonly #files: TlsPaths;
  readonly #clock: Clock;
  doubts: readonly string[] = [];

  constructor({ certFile, keyFile, clientCaFile }: NonNullable<Station["tls"]>, clock: Clock) {
    this.#files = { cert: certFile, key: keyFile, ca: clientCaFile };
    this.#clock = clock;
  }

  async read(): Promise<StationTls> {
    try {
      const pems = await readTlsFiles(this.#files, FILE_NAMES, this.#clock.now());
      const { ca, cert = "", key = "", doubts } = pems;
      this.doubts = doubts;
      return { certificate: cert, key, ...(ca === undefined ? {} : { clientCa: ca }) };
    } catch (error) {
      throw new DeviceTroubleError("certificate", errorText(error), { cause: error });
    }
  }
}
