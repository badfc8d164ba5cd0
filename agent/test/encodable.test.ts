import { expect, test } from "bun:test";
import { parseConfig } from "@earshot/agent";
import type { GpsReading, LinuxReading, LoraFrame, RadioStatus } from "@earshot/drivers";
import { PACKET_LIMITS, REGION_IDS } from "@earshot/protocol";
import fc from "fast-check";
import { loraFrameOf } from "./beacon-frames.ts";
import { AgentHarness, networkSigner, PERIOD_MS } from "./harness.ts";

/*
 * Whatever the configuration allows and whatever a driver may give, every packet made of it can be encoded. A limit that
 * stands in two places and differs shows here as a packet that cannot be made.
 */

const between = (min: number, max: number) =>
  fc.oneof(fc.constantFrom(min, max), fc.double({ min, max, noNaN: true }));
const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(-0, 0.05, 1e300, -1e300));
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
const orNull = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: null });

const hotspot = fc.record({
  latitude: between(-90, 90),
  longitude: between(-180, 180),
  elevation_m: between(-500, 9000),
  antenna_gain_dbi: between(-10, 30),
  region: fc.constantFrom(...REGION_IDS),
  max_power_dbm: between(-20, 40),
  payee: maybe(fc.constant(`0x${"ab".repeat(20)}`)),
});
const reports = fc.record({ status_period_s: between(1, 60), reading_period_s: between(1, 60) });

function configOf(values: object, periods: object) {
  const table = (entries: object) =>
    Object.entries(entries)
      .filter(([, value]) => value !== undefined)
      .map(
        ([key, value]) => `${key} = ${typeof value === "number" ? tomlNumber(value) : JSON.stringify(value)}`,
      )
      .join("\n");
  const toml = `[network]\nname = "test"\npublic_key = "${networkSigner.publicKey.toHex()}"
[broker]\nurl = "mqtt://localhost"\n[hotspot]\n${table(values)}\n[reports]\n${table(periods)}\n`;
  return parseConfig(toml, { file: "/agent.toml", environment: {} }).core;
}

const tomlNumber = (value: number) => (Object.is(value, -0) ? "-0.0" : String(value));

const gps: fc.Arbitrary<Omit<GpsReading, "kind" | "atMs">> = fc.record(
  {
    mode: fc.constantFrom(0, 1, 2, 3),
    latDeg: anyNumber,
    lonDeg: anyNumber,
    altMslM: anyNumber,
    horizontalErrorM: anyNumber,
    satellitesUsed: anyNumber,
    timeMs: anyNumber,
    antenna: fc.constantFrom("ok", "open", "short"),
    jamming: fc.constantFrom("none", "warning", "critical"),
    spoofing: fc.constantFrom("none", "indicated", "affirmed"),
    timeOnly: fc.boolean(),
    satellites: fc.constant([]),
  },
  { requiredKeys: ["mode", "satellites"] },
) as never;

const frame: fc.Arbitrary<Partial<LoraFrame>> = fc.record(
  {
    freqHz: anyNumber,
    spreadingFactor: fc.integer({ min: 5, max: 12 }),
    bandwidthHz: fc.constantFrom(125_000, 250_000, 500_000, 7800, 1_625_000),
    rssiDbm: anyNumber,
    snrDb: anyNumber,
    tmstUs: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    rssiKind: fc.constantFrom("signal", "channel"),
    ...{
      freqOffsetHz: anyNumber,
      fineTimeNs: anyNumber,
      antenna: anyNumber,
      fineTimeEncrypted: fc.boolean(),
    },
    gatewayEui: fc.constantFrom("aa", "AA555A0000000000", "aa555a0000000001 (10.0.0.5:1700)"),
  },
  { requiredKeys: [] },
);

const count = fc.nat(2 ** 40);
const radioStatus: fc.Arbitrary<Omit<RadioStatus, "kind" | "atMs">> = fc.record(
  {
    ...{ gatewayEui: fc.constantFrom("aa", "bb"), rxOk: count, rxBad: count, rxNoCrc: count },
    ...{ transmitted: count, ackPercent: anyNumber, temperatureC: anyNumber },
    ...{ channels: fc.nat(300), spreadingFactors: fc.nat(300) },
  },
  { requiredKeys: ["gatewayEui", "rxOk", "rxBad", "rxNoCrc", "transmitted"] },
) as never;

const linux: fc.Arbitrary<Omit<LinuxReading, "kind" | "atMs">> = fc.record({
  ...{ cpuTemperatureC: orNull(anyNumber), load1min: orNull(anyNumber), cores: orNull(fc.nat(256)) },
  ...{
    uptimeS: orNull(anyNumber),
    memoryTotalBytes: orNull(anyNumber),
    memoryAvailableBytes: orNull(anyNumber),
  },
  ...{
    diskTotalBytes: orNull(anyNumber),
    diskFreeBytes: orNull(anyNumber),
    underVoltage: orNull(fc.boolean()),
  },
  ...{ underVoltageOccurred: fc.constant(null), throttled: fc.constant(null) },
  ...{ disks: fc.constant([]), links: fc.constant([]) },
});

const power = fc.integer({ min: -20, max: 40 });

test("every packet made of an allowed configuration and of any reading can be encoded", async () => {
  let readingPackets = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(hotspot, reports),
      fc.array(fc.tuple(gps, frame, radioStatus, linux), { minLength: 1, maxLength: 6 }),
      power,
      async ([stands, periods], readings, powerDbm) => {
        const agent = new AgentHarness({ core: configOf(stands, periods) });
        agent.radio.answer = () => ({ sent: true, powerDbm });
        agent.hasMachine = true;
        await agent.start();
        await agent.publishEntropy();
        for (const [i, [fix, heard, status, machine]] of readings.entries()) {
          const atMs = agent.clock.now();
          agent.gps.read({ kind: "gps", atMs, ...fix });
          agent.machine.read({ kind: "linux", atMs, ...machine });
          agent.radio.read({ kind: "radio", atMs, ...status });
          await agent.clock.advance(1);
          agent.radio.read({ ...loraFrameOf(i, agent.clock.now()), ...heard });
          agent.radio.read(loraFrameOf(1000 + i, agent.clock.now()));
          await agent.clock.advance(PERIOD_MS);
        }
        const { unmade } = agent.board.snapshot(agent.clock);
        const losses = agent.board.losses.counts().filter(([reason]) => reason.startsWith("unmade"));
        await agent.stop();
        expect({ unmade, losses }).toEqual({ unmade: [], losses: [] });
        expect(agent.packets("status").length).toBeGreaterThan(0);
        expect(agent.packets("witness").length).toBeGreaterThanOrEqual(readings.length);
        // A machine that measures nothing makes none.
        readingPackets += agent.packets("reading").length;
      },
    ),
    { numRuns: 60 },
  );
  expect(readingPackets).toBeGreaterThan(0);
}, 60_000);

test("the configuration refuses what does not fit into a packet, at its very limits", () => {
  const stands = { latitude: 0, longitude: 0, elevation_m: 0, antenna_gain_dbi: 0, region: "EU868" };
  const limits = {
    latitude: PACKET_LIMITS.latE7.map((one) => one / 1e7),
    longitude: PACKET_LIMITS.lonE7.map((one) => one / 1e7),
    elevation_m: PACKET_LIMITS.elevationM,
    antenna_gain_dbi: PACKET_LIMITS.antennaGainDdbi.map((one) => one / 10),
  };
  for (const [key, [min = 0, max = 0]] of Object.entries(limits)) {
    for (const value of [min, max]) expect(() => configOf({ ...stands, [key]: value }, {})).not.toThrow();
    for (const value of [min - 0.001, max + 0.001]) {
      expect(() => configOf({ ...stands, [key]: value }, {})).toThrow(`hotspot.${key}`);
    }
  }
});
