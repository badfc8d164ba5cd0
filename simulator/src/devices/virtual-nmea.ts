import type { ByteLink } from "@earshot/drivers";
import { MemoryLink } from "@earshot/drivers/testing";
import type { Clock } from "@earshot/protocol";
import type { Fix, Sky, SkySatellite } from "./sky.ts";

const SECOND_MS = 1000;

/** A receiver on a serial line without the line: sends its NMEA once a second until the link or `signal` ends. */
export function openVirtualNmea(clock: Clock, sky: Sky, signal: AbortSignal): ByteLink {
  const closed = new AbortController();
  const ended = AbortSignal.any([signal, closed.signal]);
  const link = new MemoryLink();
  void sendEachSecond(link, clock, sky, ended);
  return {
    write: (bytes) => link.write(bytes),
    async close() {
      closed.abort();
      await link.close();
    },
    [Symbol.asyncIterator]: () => link[Symbol.asyncIterator](),
  };
}

async function sendEachSecond(link: MemoryLink, clock: Clock, sky: Sky, ended: AbortSignal): Promise<void> {
  try {
    while (!ended.aborted) {
      await clock.sleep(SECOND_MS - (clock.now() % SECOND_MS), ended);
      link.push(writeNmea(sky.at(clock.now())));
    }
  } catch (error) {
    if (!ended.aborted) throw error;
  }
}

/**
 * What a receiver sends each second: NMEA 0183 4.10 GGA, RMC, GSA and GSV, one line each:
 *
 *     $ talker type , field , … * checksum CR LF        checksum: XOR of all between $ and *, two hex digits
 */
export function writeNmea(fix: Fix): Uint8Array {
  const used = fix.satellites.filter((satellite) => satellite.used);
  const sentences = [
    gga(fix, used.length),
    rmc(fix),
    ...SYSTEMS.map(({ system, systemId }) => gsa(fix, ofSystem(used, system), systemId)),
    ...SYSTEMS.flatMap(({ system, talker, signalId }) =>
      gsv(ofSystem(fix.satellites, system), talker, signalId),
    ),
  ];
  return new TextEncoder().encode(sentences.map(framed).join(""));
}

/** Talkers, GNSS system ids and signal ids (L1 C/A, G1 C/A, E1) of NMEA 4.10. */
const SYSTEMS = [
  { system: "G", talker: "GP", systemId: 1, signalId: "1" },
  { system: "R", talker: "GL", systemId: 2, signalId: "1" },
  { system: "E", talker: "GA", systemId: 3, signalId: "7" },
] as const;

const GSA_SATELLITES = 12;
const GSV_SATELLITES = 4;

const ofSystem = (satellites: readonly SkySatellite[], system: SkySatellite["system"]) =>
  satellites.filter((satellite) => satellite.system === system);

/** GLONASS satellites are numbered from 65 in NMEA. */
const nmeaNumber = ({ system, id }: SkySatellite): string => pad(system === "R" ? id + 64 : id, 2);

function framed(body: string): string {
  let checksum = 0;
  for (const char of body) checksum ^= char.charCodeAt(0);
  return `$${body}*${checksum.toString(16).toUpperCase().padStart(2, "0")}\r\n`;
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, "0");

/** hhmmss.ss and ddmmyy, UTC. */
function timeAndDate(timeMs: number): { time: string; date: string } {
  const iso = new Date(timeMs).toISOString();
  return {
    time: `${iso.slice(11, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}.00`,
    date: `${iso.slice(8, 10)}${iso.slice(5, 7)}${iso.slice(2, 4)}`,
  };
}

/** ddmm.mmmmm (three digits of degrees for longitudes), hemisphere. */
function angle(valueE7: number, degreeDigits: number, hemispheres: string): string {
  // Counted in 1e-5 minutes, so that 59.999999 minutes carry into the degrees.
  const minutesE5 = Math.round((Math.abs(valueE7) * 60) / 100);
  const degrees = Math.floor(minutesE5 / 6_000_000);
  const minutes = ((minutesE5 % 6_000_000) / 1e5).toFixed(5).padStart(8, "0");
  return `${pad(degrees, degreeDigits)}${minutes},${hemispheres[valueE7 < 0 ? 1 : 0]}`;
}

const place = ({ position }: Fix): string =>
  `${angle(position.latE7, 2, "NS")},${angle(position.lonE7, 3, "EW")}`;

function gga(fix: Fix, used: number): string {
  const { time } = timeAndDate(fix.timeMs);
  const heights = `${fix.altitudeMslM.toFixed(1)},M,${fix.geoidSeparationM.toFixed(1)},M`;
  return `GNGGA,${time},${place(fix)},1,${pad(used, 2)},${fix.hdop.toFixed(2)},${heights},,`;
}

function rmc(fix: Fix): string {
  const { time, date } = timeAndDate(fix.timeMs);
  return `GNRMC,${time},A,${place(fix)},0.01,,${date},,,A,V`;
}

function gsa(fix: Fix, used: readonly SkySatellite[], systemId: number): string {
  const numbers = used.slice(0, GSA_SATELLITES).map(nmeaNumber);
  const fields = [...numbers, ...Array(GSA_SATELLITES - numbers.length).fill("")].join(",");
  const dops = [fix.pdop, fix.hdop, fix.vdop].map((dop) => dop.toFixed(2)).join(",");
  return `GNGSA,A,3,${fields},${dops},${systemId}`;
}

function gsv(satellites: readonly SkySatellite[], talker: string, signalId: string): string[] {
  const messages = Math.ceil(satellites.length / GSV_SATELLITES);
  return Array.from({ length: messages }, (_, index) => {
    const fields = satellites.slice(index * GSV_SATELLITES, (index + 1) * GSV_SATELLITES).map((satellite) => {
      const { elevationDeg, azimuthDeg, cn0DbHz } = satellite;
      return `${nmeaNumber(satellite)},${pad(elevationDeg, 2)},${pad(azimuthDeg, 3)},${pad(cn0DbHz, 2)}`;
    });
    const counts = `${messages},${index + 1},${pad(satellites.length, 2)}`;
    return [`${talker}GSV`, counts, ...fields, signalId].join(",");
  });
}
