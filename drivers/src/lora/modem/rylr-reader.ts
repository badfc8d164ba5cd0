import type { ModemEvent, ModemReader } from "./dialect.ts";
import { rssiOf, snrOf } from "./line-reader.ts";

/** The longest `+RCV=`: 240 bytes of data between "+RCV=65535,240," and ",-127,-20" with its line end. */
export const MAX_RYLR_BYTES = 280;
const MAX_DATA_BYTES = 240;
const HEADER = /^\+RCV=(\d{1,5}),(\d{1,3}),/;
const LONGEST_HEADER = "+RCV=65535,240,".length;
const SIGNAL = /^,(-?\d{1,3}),(-?\d{1,3})\r?\n/;
const LONGEST_SIGNAL = ",-128,-128\r\n".length;
const PREFIX = "+RCV=";
/** Marks a frame that another of these drivers wrote as hex digits: the module accepts text only. */
export const HEX_MARK = "0x";

type Parsed = { length: number; event: ModemEvent } | "incomplete" | "bad";

/** Reads the output of a RYLR998. Data may contain commas and line ends, so a frame ends where its own length says. */
export class RylrReader implements ModemReader {
  garbageBytes = 0;
  #held = "";

  push(bytes: Uint8Array): ModemEvent[] {
    const events: ModemEvent[] = [];
    for (let at = 0; at < bytes.length; at += MAX_RYLR_BYTES) {
      this.#held += binaryText(bytes.subarray(at, at + MAX_RYLR_BYTES));
      this.#scan(events);
    }
    return events;
  }

  abandonPartialFrame(): ModemEvent[] {
    if (!this.#held.startsWith(PREFIX)) return [];
    const events: ModemEvent[] = [{ kind: "damaged", text: PREFIX }];
    this.#skip(1);
    this.#scan(events);
    return events;
  }

  #scan(events: ModemEvent[]): void {
    for (;;) {
      this.#held = this.#held.replace(/^[\r\n]+/, "");
      const isTaken = this.#held.startsWith(PREFIX) ? this.#readFrame(events) : this.#readLine(events);
      if (!isTaken) return;
    }
  }

  #readFrame(events: ModemEvent[]): boolean {
    const parsed = parseReceived(this.#held);
    if (parsed === "incomplete") return false;
    if (parsed === "bad") {
      events.push({ kind: "damaged", text: PREFIX });
      this.#skip(1);
    } else {
      events.push(parsed.event);
      this.#held = this.#held.slice(parsed.length);
    }
    return true;
  }

  /** A line ends with its end, or where a frame begins in the middle of noise. */
  #readLine(events: ModemEvent[]): boolean {
    const lineEnd = this.#held.indexOf("\n");
    const frame = this.#held.indexOf(PREFIX);
    const end = lineEnd >= 0 && (frame < 0 || lineEnd < frame) ? lineEnd : frame;
    if (end < 0) {
      if (this.#held.length > MAX_RYLR_BYTES) this.#skip(this.#held.length - PREFIX.length);
      return false;
    }
    const line = this.#held.slice(0, end).trim();
    this.#held = this.#held.slice(end);
    if (line !== "") events.push(readLine(line));
    return true;
  }

  #skip(bytes: number): void {
    this.garbageBytes += bytes;
    this.#held = this.#held.slice(bytes);
  }
}

function parseReceived(text: string): Parsed {
  const [header, , length] = HEADER.exec(text) ?? [];
  if (header === undefined)
    return text.length < LONGEST_HEADER && !/[\r\n]/.test(text) ? "incomplete" : "bad";
  const end = header.length + Number(length);
  if (Number(length) > MAX_DATA_BYTES) return "bad";
  const tail = text.slice(end, end + LONGEST_SIGNAL);
  const [signal, rssi, snr] = SIGNAL.exec(tail) ?? [];
  if (signal === undefined) return isSignalBegun(tail) ? "incomplete" : "bad";
  const rssiDbm = rssiOf(rssi);
  const snrDb = snrOf(snr);
  const event = { kind: "frame", bytes: dataBytes(text.slice(header.length, end)) } as const;
  return {
    length: end + signal.length,
    event: { ...event, ...(rssiDbm !== undefined && { rssiDbm }), ...(snrDb !== undefined && { snrDb }) },
  };
}

/** Whether more bytes could still make the two numbers behind the data. */
function isSignalBegun(tail: string): boolean {
  return /^(?:,(?:-?\d{0,3}(?:,(?:-?\d{0,3}\r?)?)?)?)?$/.test(tail);
}

function dataBytes(data: string): Uint8Array {
  const hex = data.startsWith(HEX_MARK) ? data.slice(HEX_MARK.length) : "";
  if (/^(?:[0-9a-f]{2})+$/i.test(hex)) return Uint8Array.fromHex(hex);
  return Uint8Array.from(data, (character) => character.charCodeAt(0));
}

/** 12 and 19 report a frame that failed on air, whatever else is going on; 17 that it still sends. */
function readLine(line: string): ModemEvent {
  if (line === "+OK") return { kind: "status", status: "ok", text: line };
  if (line === "+READY" || line === "+RESET") return { kind: "reset", text: line };
  if (line === "+ERR=12" || line === "+ERR=19") return { kind: "rf-error", text: line };
  if (line === "+ERR=17") return { kind: "status", status: "busy", text: line };
  if (/^\+ERR=\d+$/.test(line)) return { kind: "status", status: "error", text: line };
  return { kind: "line", text: line };
}

/** One character for each byte. */
function binaryText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
