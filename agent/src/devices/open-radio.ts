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
import { type Clock, type Log, presentOf, wallTimeOf } from "@earshot/protocol/hotspot";
import type { ForwarderFacts } from "../board/facts.ts";
import type { LoraConfig } from "../config/config.ts";
import { readNamedFile } from "../regular-file.ts";
import type { OpenDevice } from "./open-device.ts";
import type { AgentRadio } from "./run-radio.ts";
import { openPort, portOf } from "./serial-port.ts";

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

type Station = LoraConfig & { type: "basics-station" };

async function openStations(
  lora: Station,
  clock: Clock,
  log: Log,
  gpsTimeMs: GpsTime | undefined,
): Promise<AgentRadio> {
  const { listen, region, powerDbm, token, tls } = lora;
  const radio = await listenBasicsStation({
    ...{ ...listen, region, powerDbm, clock, log },
    ...(gpsTimeMs === undefined ? {} : { gpsTimeMs }),
    ...(token === undefined ? {} : { tokens: [token] }),
    ...(tls === undefined ? {} : { tls: readTls(tls) }),
  });
  const forwarderFacts = () => radio.stations().map((station) => factsOf(station, clock));
  return Object.assign(radio, { forwarderFacts, cannotBeacon: STATION_CANNOT_BEACON });
}

const factsOf = (
  { gatewayEui, lastSeenElapsedMs, canTransmit, sharedBy }: ForwarderState | StationState,
  clock: Clock,
): ForwarderFacts => ({
  gatewayEui,
  lastSeenMs: wallTimeOf(lastSeenElapsedMs, presentOf(clock)),
  canTransmit,
  ...(sharedBy === undefined ? {} : { sharedBy }),
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

function readTls({ certFile, keyFile, clientCaFile }: NonNullable<Station["tls"]>): StationTls {
  const tls = { certificate: readNamedFile(certFile), key: readNamedFile(keyFile) };
  return clientCaFile === undefined ? tls : { ...tls, clientCa: readNamedFile(clientCaFile) };
}
