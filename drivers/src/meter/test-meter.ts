import { hasGoodCrc16, withCrc16 } from "./crc16.ts";
import type { RegisterType } from "./register-map.ts";

/** What a `TestMeter` does instead of answering. */
export type MeterFault =
  | "silence"
  | "noise"
  | "echo"
  | "wrong-crc"
  | "truncated"
  | "other-unit"
  | "other-length"
  | "other-transaction"
  | { exception: number };

export interface TestMeterOptions {
  unit?: number;
  framing: "rtu" | "tcp";
}

/** A meter made of software: requests in, answers out, with the faults that it is told to make. */
export class TestMeter {
  /** Requests heard for this unit: function, address and count. */
  readonly heard: [code: number, address: number, count: number][] = [];
  /** Made one after the other, one for each request. */
  readonly faults: MeterFault[] = [];
  /** Made when there are no faults left. */
  habit: MeterFault | undefined;
  readonly #registers = new Map<string, number>();
  readonly #unit: number;
  readonly #framing: "rtu" | "tcp";
  #pending = new Uint8Array();

  constructor({ unit = 1, framing }: TestMeterOptions) {
    this.#unit = unit;
    this.#framing = framing;
  }

  /** Puts a raw value into its registers, high word first. */
  set(code: 3 | 4, address: number, type: RegisterType, value: number): void {
    const view = new DataView(new ArrayBuffer(4));
    if (type === "f32") view.setFloat32(0, value);
    else view.setUint32(0, type.endsWith("16") ? (value & 0xffff) << 16 : value >>> 0);
    this.#registers.set(`${code}:${address}`, view.getUint16(0));
    if (!type.endsWith("16")) this.#registers.set(`${code}:${address + 1}`, view.getUint16(2));
  }

  /** Requests may come in pieces and several at once. */
  answer(bytes: Uint8Array): Uint8Array {
    this.#pending = Uint8Array.of(...this.#pending, ...bytes);
    const requestBytes = this.#framing === "rtu" ? 8 : 12;
    const answers: Uint8Array[] = [];
    while (this.#pending.length >= requestBytes) {
      answers.push(this.#answerOne(this.#pending.slice(0, requestBytes)));
      this.#pending = this.#pending.slice(requestBytes);
    }
    return Uint8Array.from(answers.flatMap((answer) => [...answer]));
  }

  #answerOne(request: Uint8Array): Uint8Array {
    const nothing = new Uint8Array();
    const adu = this.#framing === "rtu" ? request.subarray(0, -2) : request.subarray(6);
    if (this.#framing === "rtu" && !hasGoodCrc16(request)) return nothing;
    if (adu[0] !== this.#unit) return nothing;
    const view = new DataView(adu.buffer, adu.byteOffset);
    const [code, address, count] = [adu[1] ?? 0, view.getUint16(2), view.getUint16(4)];
    this.heard.push([code, address, count]);
    const fault = this.faults.shift() ?? this.habit;
    const pdu = this.#pdu(code, address, count);
    return fault === undefined ? this.#frame(request, pdu) : this.#faulty(fault, request, pdu);
  }

  /** Registers that nobody set read as zero; blocks that hold none are refused. */
  #pdu(code: number, address: number, count: number): number[] {
    const words = Array.from({ length: count }, (_, i) => this.#registers.get(`${code}:${address + i}`));
    if (words.every((word) => word === undefined)) return [code | 0x80, 2];
    return [code, 2 * count, ...words.flatMap((word = 0) => [word >> 8, word & 0xff])];
  }

  #frame(request: Uint8Array, pdu: readonly number[], unit = this.#unit): Uint8Array {
    if (this.#framing === "rtu") return withCrc16([unit, ...pdu]);
    return Uint8Array.of(...request.subarray(0, 5), pdu.length + 1, unit, ...pdu);
  }

  #faulty(fault: MeterFault, request: Uint8Array, pdu: readonly number[]): Uint8Array {
    const good = this.#frame(request, pdu);
    if (typeof fault === "object") return this.#frame(request, [(pdu[0] ?? 0) | 0x80, fault.exception]);
    if (fault === "silence") return new Uint8Array();
    if (fault === "noise") return Uint8Array.of(0, this.#unit, pdu[0] ?? 0, 0xff, ...good);
    if (fault === "echo") return Uint8Array.of(...request, ...good);
    if (fault === "wrong-crc") return good.map((byte, i) => (i === good.length - 1 ? byte ^ 1 : byte));
    if (fault === "truncated") return good.subarray(0, -3);
    if (fault === "other-unit") return Uint8Array.of(...this.#frame(request, pdu, this.#unit + 1), ...good);
    if (fault === "other-length") return this.#frame(request, [pdu[0] ?? 0, 2, 0x12, 0x34]);
    const late = good.slice();
    late[1] = (late[1] ?? 0) ^ 0x55;
    return Uint8Array.of(...late, ...good);
  }
}

/** The voltage of an SDM120's i-th measurement; its other registers hold what fits. */
export function fillSdm120(meter: TestMeter, volts = 230, kiloWattHours = 12.5): void {
  const values = {
    0: volts,
    6: 4.5,
    12: 1000,
    18: 1035,
    24: -12,
    30: 0.966,
    70: 50,
    72: kiloWattHours,
    74: 0.25,
  };
  for (const [address, value] of Object.entries(values)) meter.set(4, Number(address), "f32", value);
}
