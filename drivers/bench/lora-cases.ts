import { existsSync, readFileSync } from "node:fs";
import { ForwarderTable } from "../src/lora/forwarder-table.ts";
import { decodeGwmp, encodeGwmp } from "../src/lora/gwmp-datagram.ts";
import type { ModemReader } from "../src/lora/modem/dialect.ts";
import { createRakReader } from "../src/lora/modem/rak3172.ts";
import { createRnReader } from "../src/lora/modem/rn2483.ts";
import { RylrReader } from "../src/lora/modem/rylr-reader.ts";
import { MODEMS } from "../src/lora/modem/test-bench.ts";
import { parseLosslessObject, textOf } from "../src/lora/station/lossless-json.ts";
import { StationUplinkReader } from "../src/lora/station/station-uplink.ts";
import { UplinkReader } from "../src/lora/uplink-reader.ts";
import { byteCount, frames, type ParserCase, serialChunks, textBytes } from "./parser-case.ts";

const FORWARDER = new URL("../../../shared/data/forwarder/", import.meta.url);
const NOW_MS = Date.UTC(2026, 10, 21, 9, 36);
/** What a hotspot in a city hears, of all devices and gateways around. */
const CITY_FRAMES_PER_SECOND = 10;
/** A modem hears one channel and one spreading factor: no more than this fits at SF7. */
const MODEM_FRAMES_PER_SECOND = 10;

export const loraCases = (): ParserCase[] => [
  ...(existsSync(FORWARDER) ? [semtechUdp(), station()] : []),
  modem("rak3172", "RAK3172", createRakReader),
  modem("rn2483", "RN2483", createRnReader),
  modem("rylr998", "RYLR998", () => new RylrReader()),
];

/** Every PUSH_DATA of the recording as its datagram. */
function semtechUdp(): ParserCase {
  const text = readFileSync(new URL("gwmp-normal.log", FORWARDER), "utf8");
  const messages = [...text.matchAll(/PUSH_DATA .* eui=([0-9a-f]{16}) b'(.*)'$/gm)];
  const chunks = messages.map(([, gatewayEui = "", json = ""]) =>
    encodeGwmp({ version: 2, type: "PUSH_DATA", token: 1, gatewayEui, json: textBytes(json) }),
  );
  return {
    family: "semtech-udp",
    source: "recording",
    chunks,
    bytesPerSecond: (CITY_FRAMES_PER_SECOND * byteCount(chunks)) / chunks.length,
    start: () => {
      const reader = new UplinkReader({ elapsedMs: () => 0 });
      const table = new ForwarderTable(16);
      return (chunk) => {
        const result = decodeGwmp(chunk);
        if (!result.ok || result.datagram.type !== "PUSH_DATA") return 0;
        const { gatewayEui, json } = result.datagram;
        const forwarder = table.find(gatewayEui) ?? table.add(gatewayEui, 2, NOW_MS);
        return forwarder === undefined
          ? 0
          : reader.read(forwarder, json, { nowMs: NOW_MS, elapsedMs: 0 }).length;
      };
    },
  };
}

/** Every message of the recording that carries a frame, as its JSON. */
function station(): ParserCase {
  const text = readFileSync(new URL("station-raw.log", FORWARDER), "utf8");
  const messages = [...text.matchAll(/STATION> (\{.*\})$/gm)].map(([, json = ""]) => textBytes(json));
  const chunks = messages.filter((bytes) => readUplink(bytes, new StationUplinkReader("EU868")) === 1);
  return {
    family: "basics-station",
    source: "recording",
    chunks,
    bytesPerSecond: (CITY_FRAMES_PER_SECOND * byteCount(chunks)) / chunks.length,
    start: () => {
      const reader = new StationUplinkReader("EU868");
      return (chunk) => readUplink(chunk, reader);
    },
  };
}

function readUplink(bytes: Uint8Array, reader: StationUplinkReader): number {
  const message = parseLosslessObject(new TextDecoder().decode(bytes));
  const type = message && textOf(message, "msgtype");
  if (message === undefined || type === undefined) return 0;
  return reader.read(type, message, { atMs: NOW_MS, gatewayEui: "0000000000000001" }).ok ? 1 : 0;
}

function modem(family: string, kind: keyof typeof MODEMS, create: () => ModemReader): ParserCase {
  const bytes = frames(500, (i) => textBytes(MODEMS[kind].frame(i)));
  return {
    family,
    source: "written",
    chunks: serialChunks(bytes),
    bytesPerSecond: (MODEM_FRAMES_PER_SECOND * bytes.length) / 500,
    start: () => {
      const reader = create();
      return (chunk) => reader.push(chunk).length;
    },
  };
}
