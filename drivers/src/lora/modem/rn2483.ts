import type { ModemDialect, ModemEvent, ModemReader, ModemTuning } from "./dialect.ts";
import { hexBytes, LineReader } from "./line-reader.ts";
import { modemKind } from "./modem-kind.ts";

/*
 * Microchip RN2483 and RN2903, radio commands (DS40001784G, section 2.5).
 *
 *   radio rx 0    ok | busy | invalid_param, later   radio_rx  AABB   (two spaces) or   radio_err
 *   radio tx AABB ok | busy | invalid_param, later   radio_tx_ok                   or   radio_err
 *   RN2483 1.0.5 Oct 31 2018 15:06:52   at each start, and as the answer to "sys get ver"
 *
 * Receiving ends with each frame and with each error. Nothing is answered but one line.
 */
const MAX_LINE_BYTES = 640;
const BANNER = /^(RN2\d{3} \d+\.\d+\.\d+\b.*)$/;
const NUMBER = /^(-?\d{1,10})$/;

export function createRnReader(): ModemReader {
  return new LineReader(MAX_LINE_BYTES, (line) => [readLine(line)]);
}

function readLine(line: string): ModemEvent {
  if (line === "ok") return { kind: "status", status: "ok", text: line };
  if (line === "busy") return { kind: "status", status: "busy", text: line };
  if (line === "invalid_param" || line === "invalid_data_len") {
    return { kind: "status", status: "error", text: line };
  }
  if (line === "radio_tx_ok") return { kind: "transmitted" };
  if (line === "radio_err") return { kind: "rf-error", text: line, orTransmission: true };
  if (line.startsWith("radio_rx")) {
    const bytes = hexBytes(line.slice("radio_rx".length).trim());
    return bytes === undefined ? { kind: "damaged", text: line } : { kind: "frame", bytes };
  }
  return BANNER.test(line) ? { kind: "reset", text: line } : { kind: "line", text: line };
}

const radio = (name: string, value: string) => ({
  name,
  set: [{ text: `radio set ${name} ${value}` }],
});

const tune = ({ freqHz, spreadingFactor, bandwidthHz, powerDbm }: ModemTuning) => [
  radio("freq", `${freqHz}`),
  radio("sf", `sf${spreadingFactor}`),
  radio("bw", `${bandwidthHz / 1000}`),
  // An RN2903 has 2 to 20 dBm.
  { ...radio("pwr", `${powerDbm}`), isPower: true as const },
];

export const RN2483: ModemDialect = {
  name: "RN2483",
  baudRates: "57600",
  limits: {
    freqHz: [
      [433_050_000, 434_790_000],
      [863_000_000, 870_000_000],
      // RN2903.
      [902_000_000, 928_000_000],
    ],
    spreadingFactors: { 125000: [7, 12], 250000: [7, 12], 500000: [7, 12] },
    powerDbm: [-3, 15],
    maxFrameBytes: 255,
  },
  maxHeldBytes: MAX_LINE_BYTES,
  createReader: createRnReader,
  identify: { text: "sys get ver", value: BANNER },
  isVersion: (version) => BANNER.test(version),
  valueEndsCommand: true,
  configure: () => [
    // How long LoRaWAN keeps quiet, ms; 0 when it cannot. At most 49 days, hence `refreshMs`.
    {
      name: "mac pause",
      query: { text: "mac pause", value: NUMBER },
      isSet: (value) => Number(value) > 0,
      set: [],
    },
    { name: "rxstop", set: [{ text: "radio rxstop" }], optional: {} },
    radio("mod", "lora"),
    radio("cr", "4/5"),
    radio("crc", "on"),
    radio("iqi", "off"),
    radio("prlen", "8"),
    { ...radio("sync", "34"), neededOnAir: true },
    // Or receiving ends after 15 s with an error that is none.
    radio("wdt", "0"),
  ],
  tune,
  stop: { text: "radio rxstop" },
  listen: [{ text: "radio rx 0", once: true }],
  signal: [
    { field: "snrDb", command: { text: "radio get snr", value: NUMBER } },
    { field: "rssiDbm", command: { text: "radio get rssi", value: NUMBER } },
  ],
  check: { text: "radio get wdt", value: NUMBER },
  isChecked: (value) => value === "0",
  send: (bytes) => ({ text: `radio tx ${bytes.toHex()}` }),
  confirmsTransmission: true,
  bootMs: 2_000,
  refreshMs: 24 * 3_600_000,
  ownAirFormat: false,
};

export const rn2483 = modemKind({
  type: "rn2483",
  baud: 57_600,
  keys: {},
  settings: () => ({}),
  dialect: () => RN2483,
  rows: [
    {
      device: "Microchip RN2483 (433, 868 MHz), RN2903 (915 MHz)",
      wiring: "UART 3.3 V, 57600",
      config: ['device = "/dev/ttyUSB0"', "baud = 57600", "freq_mhz = 868.3", "spreading_factor = 9"],
      testedWith: "the same",
    },
  ],
});
