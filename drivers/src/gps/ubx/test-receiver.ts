import { CFG_CLASS } from "./cfg-legacy.ts";
import { decodeCfgValget } from "./cfg-val.ts";
import { encodeUbx } from "./encode.ts";
import { MixedFramer } from "./mixed-framer.ts";
import type { MonVer } from "./mon-ver.ts";
import type { NavPvt } from "./nav-pvt.ts";
import { Payload } from "./payload.ts";
import type { UbxFrame } from "./ubx-frame.ts";

export const NOON_MS = Date.UTC(2026, 2, 1, 12);
const NOON_TOW_MS = 12 * 3_600_000 + 18_000;

/** NAV-PVT of a receiver with a fix, `second` seconds after noon on Sunday 2026-03-01. */
export function pvtAt(second: number): NavPvt {
  return {
    kind: "nav-pvt",
    towMs: NOON_TOW_MS + second * 1000,
    utc: { dayMs: Date.UTC(2026, 2, 1), timeOfDayMs: 12 * 3_600_000 + second * 1000 },
    timeErrorNs: 25,
    fixType: 3,
    fixOk: true,
    differential: false,
    satellitesUsed: 9,
    latDeg: 48.1173,
    lonDeg: 11.5166667,
    altHaeM: 592.3,
    altMslM: 545.4,
    horizontalErrorM: 1.25,
    verticalErrorM: 2.5,
    velocityNorthMps: 0.01,
    velocityEastMps: -0.02,
    velocityDownMps: 0.03,
    groundSpeedMps: 0.022,
    speedErrorMps: 0.1,
    pdop: 1.8,
  };
}

/** One whole second: NAV-PVT, then the end of the epoch. */
export function epochBytes(second: number): Uint8Array {
  const pvt = pvtAt(second);
  return concat([encodeUbx(pvt), encodeUbx({ kind: "nav-eoe", towMs: pvt.towMs })]);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export interface TestReceiverOptions {
  generation: 8 | 9 | 10;
  /** Refuses these; a whole CFG-VALSET for one such key, a CFG-MSG for class and id as CCII. */
  lacks?: readonly number[];
  /** Answers nothing. */
  silent?: boolean;
  /** Does not answer MON-VER. */
  nameless?: boolean;
}

const VERSIONS: Readonly<Record<8 | 9 | 10, Pick<MonVer, "hardwareVersion" | "extensions">>> = {
  8: { hardwareVersion: "00080000", extensions: ["FWVER=SPG 3.01", "PROTVER=18.00"] },
  9: { hardwareVersion: "00190000", extensions: ["FWVER=SPG 4.04", "PROTVER=32.01", "MOD=NEO-M9N"] },
  10: { hardwareVersion: "000A0000", extensions: ["FWVER=SPG 5.10", "PROTVER=34.10"] },
};

/** A receiver as far as its configuration: what is written to it, it answers as its generation does. */
export class TestReceiver {
  /** Frames taken, class and id as CCII. */
  readonly heard: number[] = [];
  /** Keys set by CFG-VALSET. */
  readonly keys = new Map<number, number>();
  /** Legacy messages accepted: CCII of the configuration message, then its payload. */
  readonly legacy: [number, number[]][] = [];
  readonly #options: TestReceiverOptions;
  readonly #framer = new MixedFramer();

  constructor(options: TestReceiverOptions) {
    this.#options = options;
  }

  /** What the receiver sends back for `bytes`, which may end anywhere in a frame. */
  answer(bytes: Uint8Array): Uint8Array {
    const frames = this.#framer.push(bytes).flatMap((piece) => (piece.kind === "ubx" ? [piece.frame] : []));
    return concat(frames.map((frame) => this.#answerTo(frame)));
  }

  #answerTo(frame: UbxFrame): Uint8Array {
    const name = (frame.messageClass << 8) | frame.id;
    this.heard.push(name);
    if (this.#options.silent) return new Uint8Array(0);
    if (name === 0x0a04) return this.#version();
    if (frame.messageClass !== CFG_CLASS) return new Uint8Array(0);
    const accepted = name === 0x068a ? this.#valset(frame.payload) : this.#setLegacy(name, frame.payload);
    return encodeUbx({ kind: "ack", accepted, messageClass: frame.messageClass, id: frame.id });
  }

  #version(): Uint8Array {
    if (this.#options.nameless) return new Uint8Array(0);
    return encodeUbx({ kind: "mon-ver", softwareVersion: "EXT CORE", ...VERSIONS[this.#options.generation] });
  }

  /** The items of CFG-VALSET are laid out as those of CFG-VALGET's answer, which is version 1. */
  #valset(payload: Uint8Array): boolean {
    const asAnswer = Uint8Array.from(payload, (byte, at) => (at === 0 ? 1 : byte));
    const items = decodeCfgValget(new Payload(asAnswer))?.items;
    const lacking = items?.some(({ key }) => this.#options.lacks?.includes(key)) ?? true;
    if (this.#options.generation < 9 || lacking) return false;
    for (const { key, value } of items ?? []) this.keys.set(key, value);
    return true;
  }

  #setLegacy(name: number, payload: Uint8Array): boolean {
    const target = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
    if (name === 0x0601 && this.#options.lacks?.includes(target)) return false;
    this.legacy.push([name, [...payload]]);
    return true;
  }
}
