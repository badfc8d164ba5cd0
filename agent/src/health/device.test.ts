import { describe, expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import type { AgentStatus, LinkFacts, SensorFacts } from "../board/agent-status.ts";
import { LinkStates } from "../board/link-states.ts";
import { DeviceTroubleError, troubleOf } from "../devices/trouble.ts";
import { brokerPart } from "./delivery.ts";
import { adviceFor, type DeviceTexts, deviceProblem } from "./device.ts";
import { lostRadioAdvice } from "./radio.ts";
import { sensorPart } from "./sensor.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const WORDS: DeviceTexts = {
  ...{ title: "Sensor air", section: 'the table "air" of [[sensors]]' },
  ...{ firstReadingMs: 60_000, silentMs: 3_600_000 },
};
const working = { state: "ok", sinceMs: NOW_MS - 5000, lastAtMs: NOW_MS - 1000 } as const;

describe("a device that comes and goes", () => {
  test("is reported while it works, with how often and what to look for", () => {
    expect(deviceProblem({ ...working, lostInHour: 3 }, WORDS, NOW_MS)).toBeUndefined();
    expect(deviceProblem({ ...working, lostInHour: 12 }, WORDS, NOW_MS)).toMatchObject({
      health: "attention",
      text: "It works and comes and goes: lost 12 times in the last hour",
      advice: expect.stringContaining("loose plug"),
    });
    const steady = { ...working, sinceMs: NOW_MS - 600_000, lostInHour: 12 };
    expect(deviceProblem(steady, WORDS, NOW_MS)).toBeUndefined();
  });

  test("and while it is away, unless more is known than that", () => {
    const lost = {
      state: "lost",
      sinceMs: NOW_MS - 5000,
      reason: "it was unplugged",
      lostInHour: 12,
    } as const;
    expect(deviceProblem(lost, WORDS, NOW_MS)).toMatchObject({
      health: "broken",
      text: "it was unplugged; lost 5 s ago; it comes and goes: lost 12 times in the last hour",
    });
    const inUse = deviceProblem({ ...lost, trouble: "in-use" }, WORDS, NOW_MS);
    expect(inUse?.advice).toContain("Stop the other program");
  });

  test("and of the session with the broker, until one has lasted", () => {
    const broker = { state: "ok", sinceMs: NOW_MS - 200_000, lostInHour: 9 } as const;
    const partOf = (facts: LinkFacts) => brokerPart({ broker: facts, atMs: NOW_MS } as AgentStatus);
    expect(partOf(broker)).toMatchObject({
      health: "attention",
      text: "Connected for 3 min; it comes and goes: lost 9 times in the last hour",
    });
    expect(partOf({ ...broker, sinceMs: NOW_MS - 300_000 }).health).toBe("ok");
  });

  test("counts what worked and was lost, for an hour by the monotonic clock; a device never had is not lost", async () => {
    const clock = new ManualClock(NOW_MS);
    const links = new LinkStates();
    links.begin(["air"], clock.elapsedMs());
    const lostInHour = () =>
      links.facts("air", { nowMs: clock.now(), elapsedMs: clock.elapsedMs() }).lostInHour;
    links.set("air", "lost", clock.elapsedMs(), { reason: "no such device" });
    expect(lostInHour()).toBeUndefined();
    for (let i = 0; i < 5; i++) {
      await clock.advance(600_000);
      links.heardFrom("air", clock.elapsedMs());
      links.set("air", "lost", clock.elapsedMs(), { reason: "it was unplugged" });
      links.set("air", "lost", clock.elapsedMs(), { reason: "no such device" });
    }
    expect(lostInHour()).toBe(5);
    clock.stepWall(86_400_000);
    expect(lostInHour()).toBe(5);
    await clock.advance(2_400_000);
    expect(lostInHour()).toBe(2);
    await clock.advance(600_000 * 3);
    expect(lostInHour()).toBeUndefined();
  });
});

describe("the fault behind an error", () => {
  const system = (code: string) => Object.assign(new Error(code), { code });
  test("is found among its causes", () => {
    const nested = new Error("Lost it", { cause: new Error("Cannot", { cause: system("EADDRNOTAVAIL") }) });
    expect(troubleOf(nested)).toBe("address-missing");
    expect(troubleOf(new DeviceTroubleError("in-use", "x"))).toBe("in-use");
    expect(troubleOf(new RangeError("frequency is 1 Hz"))).toBe("settings");
    expect(troubleOf(new Error("something"))).toBeUndefined();
    expect(troubleOf("text")).toBeUndefined();
  });

  test("goes to the party that can mend it", () => {
    const udp = { type: "semtech-udp", listen: { host: "127.0.0.1", port: 1700 } };
    expect(lostRadioAdvice(udp, troubleOf(system("EADDRINUSE")))).toContain("ss -lnp");
    expect(lostRadioAdvice(udp, troubleOf(system("EADDRNOTAVAIL")))).toContain("no such address");
    expect(lostRadioAdvice(udp, troubleOf(system("EACCES")))).toContain("port from 1024 on");
    expect(lostRadioAdvice(udp, undefined)).not.toContain("cable");
    expect(lostRadioAdvice({ type: "rak3172" }, troubleOf(system("EACCES")))).toContain("dialout");
    expect(lostRadioAdvice({ type: "rak3172" }, troubleOf(system("ENOENT")))).toContain("device in [lora]");
    expect(lostRadioAdvice({ type: "rn2483" }, "resets")).toContain("supply");
    expect(lostRadioAdvice({ type: "rylr998" }, "other-module")).toContain("type in [lora]");
    expect(adviceFor(troubleOf(system("ECONNREFUSED")), WORDS)).toContain("host and port in the table");
    expect(adviceFor(troubleOf(system("ECONNREFUSED")), WORDS)).not.toContain("cable");
  });
});

describe("a sensor", () => {
  const sensor = (facts: Partial<SensorFacts>): SensorFacts => ({
    ...{ source: "meter", type: "modbus", quantities: {}, opened: 1, lost: 0, readings: 0 },
    ...{ state: "lost", sinceMs: NOW_MS - 5000, reason: "It said nothing for 60 s", trouble: "silent" },
    ...facts,
  });
  const advice = (facts: Partial<SensorFacts>) => sensorPart(sensor(facts), NOW_MS).advice;

  test("on a line: the advice is about that line", () => {
    expect(advice({})).toContain("A and B of its line");
    expect(advice({})).toContain("unit and baud");
    expect(advice({ type: "pms5003" })).toContain("RX and TX");
  });

  test("behind a host: the advice is about the host, not about ports and cables here", () => {
    const host = "192.168.1.50:502";
    expect(advice({ host })).toContain(`${host} takes the connection and passes nothing on`);
    expect(advice({ host, trouble: "not-reached" })).toContain(`${host} is on and in this network`);
    expect(advice({ host, trouble: "unreadable", type: "rtcm3" })).toContain("speed at which");
    const damaged = { ...working, frames: 50, badFrames: 60, host };
    expect(advice(damaged)).toContain(`line between ${host} and the device`);
    expect(advice({ ...working, lostInHour: 9, host })).toContain("when another connects");
    for (const trouble of ["silent", "not-reached", "unreadable"] as const)
      expect(advice({ host, trouble })).not.toMatch(/baud|RX|fuser/);
  });
});
