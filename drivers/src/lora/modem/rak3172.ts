import { omitUndefined } from "@earshot/protocol/runtime";
import type { ModemDialect, ModemEvent, ModemReader, ModemTuning } from "./dialect.ts";
import { hexBytes, LineReader, rssiOf, snrOf } from "./line-reader.ts";
import { modemKind } from "./modem-kind.ts";

/*
 * RAK3172 and its kin (RUI3 "AT Command Manual", P2P; firmware 1.0.4 and older: the deprecated manual).
 *
 *   AT+X=?                  AT+X=<value> | <value>, then OK | AT_ERROR | AT_PARAM_ERROR | AT_BUSY_ERROR | …
 *   +EVT:RXP2P:-60:11:AABB  RSSI, SNR, frame; with ";" before it in some versions
 *   +EVT:RXP2P, RSSI -60, SNR 11     and on the next line     +EVT:AABB       firmware 1.0.4
 *   +EVT:RXP2P RECEIVE TIMEOUT | +EVT:RXP2P RECEIVE ERROR | +EVT:TXP2P DONE
 */
const MAX_LINE_BYTES = 640;
/** SX126x register value for the public sync word, 0x34 of the SX127x. */
const PUBLIC_SYNC_WORD = "3444";
const STATUS = /(?:^|[\s.])(OK|AT_[A-Z_]+)$/;
const RUI3_FRAME = /^RXP2P:(-?\d+):(-?\d+):([0-9A-F]*)$/i;
const OLD_SIGNAL = /^RXP2P,\s*RSSI\s+(-?\d+),\s*SNR\s+(-?\d+)$/i;
const BANNER = /^(?:RAKwireless\b|Current Work Mode\b|LoRa \(R\) is a registered)/i;

export function createRakReader(): ModemReader {
  let signal: { rssiDbm?: number; snrDb?: number } | undefined;
  return new LineReader(MAX_LINE_BYTES, (line) => splitEvents(line).map(readPart));

  function readPart(part: string): ModemEvent {
    if (part.startsWith("+EVT:")) return readEvent(part.slice(5).trim(), part);
    if (BANNER.test(part)) {
      signal = undefined;
      return { kind: "reset", text: part };
    }
    return statusOf(part) ?? { kind: "line", text: part };
  }

  function readEvent(event: string, text: string): ModemEvent {
    const before = signal;
    signal = undefined;
    const old = OLD_SIGNAL.exec(event);
    if (old !== null) {
      signal = omitUndefined({ rssiDbm: rssiOf(old[1]), snrDb: snrOf(old[2]) });
      return { kind: "line", text: "" };
    }
    if (/^TXP2P DONE$/i.test(event)) return { kind: "transmitted" };
    if (/^RXP2P RECEIVE TIMEOUT$/i.test(event)) return { kind: "receive-ended" };
    if (/^RXP2P RECEIVE ERROR$/i.test(event)) return { kind: "rf-error", text };
    const [, rssi, snr, hex] = RUI3_FRAME.exec(event) ?? [];
    const bytes = hexBytes(hex ?? (before === undefined ? "" : event));
    if (bytes === undefined) return { kind: "damaged", text };
    const reported = hex === undefined ? before : omitUndefined({ rssiDbm: rssiOf(rssi), snrDb: snrOf(snr) });
    return { kind: "frame", bytes, ...reported };
  }
}

/** An event may stand behind a status, or another event, in one line. */
function splitEvents(line: string): string[] {
  return line
    .split(/;?(?=\+EVT:)/)
    .map((part) => part.trim().replace(/;$/, ""))
    .filter((part) => part !== "");
}

/** A status may stand behind what it explains: "P2P_RX_ON already, … AT_BUSY_ERROR". */
function statusOf(line: string): ModemEvent | undefined {
  const word = STATUS.exec(line)?.[1];
  if (word === undefined) return undefined;
  const status = word === "OK" ? "ok" : word === "AT_BUSY_ERROR" ? "busy" : "error";
  return { kind: "status", status, text: word };
}

const valueLine = (name: string, pattern: string) => new RegExp(`^(?:AT\\+${name}=)?(${pattern})$`, "i");

const setting = (name: string, value: string, pattern: string) => ({
  name,
  query: { text: `AT+${name}=?`, value: valueLine(name, pattern) },
  isSet: (reported: string) => reported.toLowerCase() === value.toLowerCase(),
  set: [{ text: `AT+${name}=${value}` }],
});

/** Code rate 4/5 and preamble 8. Bandwidth in kHz, or as an index where the firmware wants that. */
function tune({ freqHz, spreadingFactor, bandwidthHz, powerDbm }: ModemTuning) {
  const index = [125_000, 250_000, 500_000].indexOf(bandwidthHz);
  const command = (bandwidth: number) => ({
    text: `AT+P2P=${freqHz}:${spreadingFactor}:${bandwidth}:0:8:${powerDbm}`,
  });
  return [{ name: "P2P", set: [command(bandwidthHz / 1000), command(index)] }];
}

export const RAK3172: ModemDialect = {
  name: "RAK3172",
  baudRates: "115200 (RUI3) or 9600 (firmware 1.0.4 and older)",
  limits: {
    freqHz: [[150_000_000, 960_000_000]],
    spreadingFactors: { 125000: [5, 12], 250000: [5, 12], 500000: [5, 12] },
    powerDbm: [5, 22],
    maxFrameBytes: 255,
  },
  maxHeldBytes: MAX_LINE_BYTES,
  createReader: createRakReader,
  identify: { text: "AT+VER=?", value: /^(?:AT\+VER=)?(V?(?:RUI_)?\d+\.\d+\.\d+\S*)$/i },
  isVersion: () => true,
  valueEndsCommand: false,
  configure: () => [
    { ...setting("NWM", "0", "\\d"), reboots: true },
    { name: "PRECV", set: [{ text: "AT+PRECV=0" }], optional: {} },
    {
      ...setting("SYNCWORD", PUBLIC_SYNC_WORD, "[0-9a-f]{4}"),
      neededOnAir: true,
      optional: { caution: "its firmware has no AT+SYNCWORD: it hears private networks only; update it" },
    },
    { ...setting("IQINVER", "0", "\\d"), optional: {} },
    { ...setting("ENCRY", "0", "\\d"), optional: {} },
    { ...setting("FIXLENGTHPAYLOAD", "0", "\\d"), optional: {} },
  ],
  tune,
  stop: { text: "AT+PRECV=0" },
  listen: [{ text: "AT+PRECV=65534" }, { text: "AT+PRECV=65535", once: true }],
  check: { text: "AT+PRECV=?", value: valueLine("PRECV", "\\d+") },
  isChecked: (value) => Number(value) !== 0,
  send: (bytes) => ({ text: `AT+PSEND=${bytes.toHex()}` }),
  confirmsTransmission: true,
  bootMs: 5_000,
  ownAirFormat: false,
};

/** RAK3172, RAK3272, RAK4630 and kin with AT commands. */
export const rak3172 = modemKind({
  type: "rak3172",
  baud: 115_200,
  keys: {},
  settings: () => ({}),
  dialect: () => RAK3172,
  rows: [
    {
      device: "RAK3172, RAK3272S, RAK4630 with RUI3",
      wiring: "USB or UART 3.3 V, 115200",
      config: ['device = "/dev/ttyUSB0"', "baud = 115200", "freq_mhz = 868.3", "spreading_factor = 9"],
      testedWith: "a scripted modem in memory and over a pty",
    },
    {
      device: "RAK3172 with firmware 1.0.4 or older",
      wiring: "the same, 9600",
      config: ['device = "/dev/ttyUSB0"', "baud = 9600", "freq_mhz = 868.3", "spreading_factor = 9"],
      remark: "; it has the private sync word only, so it hears no beacons: update it",
      testedWith: "the same",
    },
  ],
});
