import { wholeIn } from "@earshot/protocol/runtime/config";
import { z } from "zod";
import type { ModemDialect, ModemTuning } from "./dialect.ts";
import { modemKind } from "./modem-kind.ts";
import { HEX_MARK, MAX_RYLR_BYTES, RylrReader } from "./rylr-reader.ts";

/*
 * Reyax RYLR998 and RYLR498 ("LoRa AT Command Guide", 23-OCT-2023).
 *
 *   AT+X=<value>   +OK | +ERR=<n>        AT+X?   +X=<value>
 *   AT+SEND=<address>,<length>,<data>    data is text, at most 240 bytes
 *   +RCV=<address>,<length>,<data>,<RSSI>,<SNR>
 *
 * It adds 8 bytes of its own to what it sends, not documented further, and hears its own network id only; neither the
 * header nor the sync word can be set.
 */
const BANDWIDTH_CODES: Readonly<Record<number, number>> = { 125000: 7, 250000: 8, 500000: 9 };
/** The only one allowed in each network. */
const PREAMBLE_SYMBOLS = 12;

export interface RylrNetwork {
  /** 3 to 15, or 18. Only modules with the same one hear each other. */
  networkId: number;
  /** 0 to 65535. Frames are sent to all, whatever it is. */
  address: number;
}

const setting = (name: string, value: string) => ({
  name,
  query: { text: `AT+${name}?`, value: new RegExp(`^\\+${name}=(.+)$`) },
  isSet: (reported: string) => reported.replaceAll(" ", "") === value,
  set: [{ text: `AT+${name}=${value}` }],
});

const tune = ({ freqHz, spreadingFactor, bandwidthHz, powerDbm }: ModemTuning) => [
  setting("BAND", `${freqHz}`),
  setting("PARAMETER", `${spreadingFactor},${BANDWIDTH_CODES[bandwidthHz]},1,${PREAMBLE_SYMBOLS}`),
  { ...setting("CRFOP", `${powerDbm}`), isPower: true as const },
];

/** @throws {RangeError} for a network or an address that no module has */
export function rylrDialect({ networkId, address }: RylrNetwork): ModemDialect {
  if (!Number.isInteger(networkId) || !(networkId === 18 || (networkId >= 3 && networkId <= 15))) {
    throw new RangeError(`RYLR998: network id is ${networkId}; allowed are 3 to 15 and 18`);
  }
  if (!Number.isInteger(address) || address < 0 || address > 65_535) {
    throw new RangeError(`RYLR998: address is ${address}; allowed are 0 to 65535`);
  }
  return {
    name: "RYLR998",
    baudRates: "115200",
    limits: {
      freqHz: [
        // RYLR498, then RYLR998.
        [410_000_000, 525_000_000],
        [820_000_000, 960_000_000],
      ],
      spreadingFactors: { 125000: [7, 9], 250000: [7, 10], 500000: [7, 11] },
      powerDbm: [0, 22],
      maxFrameBytes: (240 - HEX_MARK.length) / 2,
    },
    maxHeldBytes: 2 * MAX_RYLR_BYTES,
    createReader: () => new RylrReader(),
    identify: { text: "AT+VER?", value: /^\+VER=(.+)$/ },
    isVersion: (version) => /^RYLR/i.test(version),
    valueEndsCommand: true,
    configure: () => [
      setting("MODE", "0"),
      setting("NETWORKID", `${networkId}`),
      setting("ADDRESS", `${address}`),
    ],
    tune,
    listen: [],
    check: { text: "AT+BAND?", value: /^\+BAND=(\d+)$/ },
    isChecked: (value, { freqHz }) => Number(value) === freqHz,
    send: (bytes) => {
      const data = HEX_MARK + bytes.toHex();
      return { text: `AT+SEND=0,${data.length},${data}` };
    },
    confirmsTransmission: false,
    bootMs: 2_000,
    ownAirFormat: true,
  };
}

const NETWORK_IDS = "a whole number from 3 to 15, or 18";
const FACTORY: RylrNetwork = { networkId: 18, address: 0 };

/**
 * It wraps what it sends in 8 bytes of its own, and neither these nor the sync word can be set: its frames are not those
 * of other radios, so it can neither witness their beacons nor be witnessed by them. Frames travel between its kind as
 * hex text, because the module accepts text only. `ownAirFormat` says so in each status.
 */
export const rylr998 = modemKind({
  type: "rylr998",
  baud: 115_200,
  keys: {
    network_id: z
      .int({ error: NETWORK_IDS })
      .refine((id) => (id >= 3 && id <= 15) || id === 18, { error: NETWORK_IDS })
      .default(FACTORY.networkId),
    address: wholeIn(0, 65_535).default(FACTORY.address),
  },
  settings: ({ network_id: networkId, address }): RylrNetwork => ({ networkId, address }),
  dialect: (network = FACTORY) => rylrDialect(network),
  cannotBeacon:
    "an RYLR998 is heard by its own kind only, because it puts a header of its own into each frame",
  rows: [
    {
      device: "Reyax RYLR998, RYLR498",
      wiring: "UART 3.3 V, 115200",
      config: [
        'device = "/dev/ttyUSB0"',
        "baud = 115200",
        "freq_mhz = 868.3",
        "spreading_factor = 9",
        "network_id = 18",
      ],
      remark: "; **no beacons with other radios**, see below",
      testedWith: "the same",
    },
  ],
});
