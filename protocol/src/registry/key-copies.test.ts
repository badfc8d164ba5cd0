import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Packet } from "../packet/packet.ts";
import { typicalPackets } from "../packet/samples.ts";
import { isKeyCopied, keyCopySigns, type NumberedPacket } from "./key-copies.ts";

const BASE_MS = Date.UTC(2026, 5, 1);
const MINUTE_MS = 60_000;

/** An agent that reports each minute from its start on, and hears with one concentrator. */
class Agent {
  readonly #startMs: number;
  readonly #radio: number;
  #sequence: number;

  constructor(startMs: number, { sequence = 1, radio = 1 } = {}) {
    this.#startMs = startMs;
    this.#sequence = sequence;
    this.#radio = radio;
  }

  status(atMs: number, clockOffMs = 0): NumberedPacket {
    const uptimeS = Math.floor((atMs - this.#startMs) / 1000);
    return this.#sent(atMs, {
      ...typicalPackets.status,
      atMs: atMs + clockOffMs,
      uptimeS,
      sequence: this.#next(),
    });
  }

  witness(atMs: number): NumberedPacket {
    const concentrator = new Uint8Array(8).fill(this.#radio);
    return this.#sent(atMs, { ...typicalPackets.witness, atMs, concentrator, sequence: this.#next() });
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  #sent(receivedAtMs: number, packet: Packet): NumberedPacket {
    return { id: `${this.#startMs} ${packet.sequence}`, receivedAtMs, packet };
  }
}

const minutes = (count: number) => Array.from({ length: count }, (_, i) => BASE_MS + i * MINUTE_MS);

describe("one agent", () => {
  test("gives no signs, however often it is started again and in whatever order its packets come", () => {
    const packets = [0, 20, 40].flatMap((first) => {
      const agent = new Agent(BASE_MS + first * MINUTE_MS, { sequence: first * 2 });
      return minutes(20).map((ms) => agent.status(ms + first * MINUTE_MS));
    });
    fc.assert(
      fc.property(fc.shuffledSubarray(packets, { minLength: packets.length }), (shuffled) => {
        const signs = keyCopySigns(shuffled);
        expect(signs).toEqual({ reusedNumbers: 0, agentTurns: 0, radioTurns: 0, concentrators: 0 });
      }),
    );
  });

  test("whose clock is set there and back, or whose state was restored once, is not taken for two", () => {
    const agent = new Agent(BASE_MS);
    const packets = minutes(30).map((ms, i) => agent.status(ms, i >= 10 && i < 20 ? 3_600_000 : 0));
    expect(keyCopySigns(packets).agentTurns).toBeLessThan(2);
    const restored = new Agent(BASE_MS + 30 * MINUTE_MS, { sequence: 29 });
    const after = minutes(10).map((ms) => restored.status(ms + 30 * MINUTE_MS));
    const signs = keyCopySigns([...packets, ...after]);
    expect(signs).toMatchObject({ reusedNumbers: 2 });
    expect(isKeyCopied(signs)).toBe(false);
  });

  test("whose packets of before each restart come late is not taken for two either", () => {
    const packets = [0, 10, 20, 30, 40].flatMap((first) => {
      const agent = new Agent(BASE_MS + first * MINUTE_MS, { sequence: first * 2 });
      const own = minutes(10).map((ms) => agent.status(ms + first * MINUTE_MS));
      return own.map((one, i) => (i < 7 ? one : { ...one, receivedAtMs: one.receivedAtMs + 6 * MINUTE_MS }));
    });
    expect(keyCopySigns(packets)).toMatchObject({ agentTurns: 0, reusedNumbers: 0 });
  });

  test("with two concentrators is no copy", () => {
    const agent = new Agent(BASE_MS);
    const other = new Agent(BASE_MS, { sequence: 1000, radio: 2 });
    const packets = minutes(6).flatMap((ms) => [agent.witness(ms), other.witness(ms + 10)]);
    const signs = keyCopySigns(packets);
    expect(signs).toMatchObject({ radioTurns: 10, concentrators: 2, reusedNumbers: 0 });
    expect(isKeyCopied(signs)).toBe(false);
  });
});

describe("two agents with one key", () => {
  test("take turns, whatever numbers they use", () => {
    const [one, other] = [new Agent(BASE_MS), new Agent(BASE_MS - 3_600_000, { sequence: 5000 })];
    const packets = minutes(4).flatMap((ms) => [one.status(ms), other.status(ms + 20_000)]);
    const signs = keyCopySigns(packets);
    expect(signs).toMatchObject({ agentTurns: 6, reusedNumbers: 0 });
    expect(isKeyCopied(signs)).toBe(true);
  });

  test("that were started together use numbers twice", () => {
    const [one, other] = [new Agent(BASE_MS), new Agent(BASE_MS + 5000)];
    const signs = keyCopySigns(minutes(4).flatMap((ms) => [one.status(ms + 9000), other.status(ms + 9500)]));
    expect(signs).toMatchObject({ agentTurns: 0, reusedNumbers: 4 });
    expect(isKeyCopied(signs)).toBe(true);
  });

  test("a packet that comes twice is one, and last wills have no number", () => {
    const agent = new Agent(BASE_MS);
    const packet = agent.status(BASE_MS + 1000);
    const will = { ...packet, id: "w", packet: { ...typicalPackets.status, sequence: 0, uptimeS: 5 } };
    expect(keyCopySigns([packet, packet, will, { ...will, id: "v" }])).toMatchObject({
      ...{ reusedNumbers: 0, agentTurns: 0 },
    });
  });
});
