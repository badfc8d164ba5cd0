import type { Fix, SkySatellite } from "./sky.ts";

/** Lines of gpsd's JSON protocol 3.14 (gpsd_json(5)), each one object, ended by CR LF. */
const line = (object: Readonly<Record<string, unknown>>): string => `${JSON.stringify(object)}\r\n`;

const DEVICE_PATH = "/dev/ttyACM0";
const DEVICE = {
  class: "DEVICE",
  path: DEVICE_PATH,
  driver: "u-blox",
  flags: 1,
  native: 1,
  bps: 9600,
  parity: "N",
  stopbits: 1,
  cycle: 1,
};

/** gpsd's `gnssid` numbers. */
const GNSS_IDS = { G: 0, E: 2, R: 6 } as const;
/** Where each constellation's numbers begin in `PRN`. */
const PRN_OFFSETS = { G: 0, E: 300, R: 64 } as const;

/** Sent to every client as soon as it connects. */
export const gpsdBanner = (): string =>
  line({ class: "VERSION", release: "3.22", rev: "3.22", proto_major: 3, proto_minor: 14 });

/** The answer to `?WATCH={"enable":true,"json":true}`. */
export const gpsdWatchAnswer = (): string =>
  line({ class: "DEVICES", devices: [DEVICE] }) +
  line({
    class: "WATCH",
    enable: true,
    json: true,
    nmea: false,
    raw: 0,
    scaled: false,
    timing: false,
    split24: false,
    pps: false,
  });

/** Each second: one SKY and one TPV. */
export function writeGpsd(fix: Fix): string {
  return line(sky(fix)) + line(tpv(fix));
}

function sky(fix: Fix): Record<string, unknown> {
  return {
    class: "SKY",
    device: DEVICE_PATH,
    time: new Date(fix.timeMs).toISOString(),
    hdop: fix.hdop,
    vdop: fix.vdop,
    pdop: fix.pdop,
    nSat: fix.satellites.length,
    uSat: fix.satellites.filter(({ used }) => used).length,
    satellites: fix.satellites.map(satellite),
  };
}

function satellite({ system, id, elevationDeg, azimuthDeg, cn0DbHz, used }: SkySatellite): object {
  return {
    PRN: id + PRN_OFFSETS[system],
    el: elevationDeg,
    az: azimuthDeg,
    ss: cn0DbHz,
    used,
    gnssid: GNSS_IDS[system],
    svid: id,
    health: 1,
  };
}

function tpv(fix: Fix): Record<string, unknown> {
  const altMSL = Number(fix.altitudeMslM.toFixed(3));
  return {
    class: "TPV",
    device: DEVICE_PATH,
    mode: 3,
    time: new Date(fix.timeMs).toISOString(),
    leapseconds: 18,
    ept: 0.005,
    lat: fix.position.latE7 / 1e7,
    lon: fix.position.lonE7 / 1e7,
    altHAE: Number((fix.altitudeMslM + fix.geoidSeparationM).toFixed(3)),
    altMSL,
    alt: altMSL,
    epx: fix.horizontalErrorM,
    epy: fix.horizontalErrorM,
    epv: fix.verticalErrorM,
    eph: fix.horizontalErrorM,
    speed: 0.01,
    eps: 0.3,
  };
}
