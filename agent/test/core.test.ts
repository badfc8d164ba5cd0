import { describe, expect, test } from "bun:test";
import { assess } from "@earshot/agent";
import type { LoraFrame } from "@earshot/drivers";
import {
  BeaconChains,
  chainOf,
  changedHotspot,
  DEFAULT_PARAMETERS,
  earshot1,
  epochOf,
  type Hotspot,
  type NetworkParameters,
  NO_DETAILS,
  type ReceivedPacket,
  receivedPacket,
  reportDeadlineMs,
  sha256,
  signerFromSeed,
  verifyPacket,
  windowOf,
} from "@earshot/protocol";
import { AgentHarness, CORE, entropyValue, NETWORK, PERIOD_MS, packetOf, WINDOW_PERIODS } from "./harness.ts";

const PARAMETERS: NetworkParameters = {
  ...DEFAULT_PARAMETERS,
  network: NETWORK,
  windowPeriods: WINDOW_PERIODS,
  epochPeriods: WINDOW_PERIODS * 5,
  // Two agents that have just begun.
  reciprocityPeriods: 0,
};

function hotspotOf({ signer, clock }: AgentHarness, latE7: number): Hotspot {
  const { publicKey } = signer;
  const change = { atMs: 0, fromEpoch: 0, evidence: new Uint8Array() };
  const place = { latE7, lonE7: 85_500_000, elevationM: 10 };
  const assertion = { ...place, antennaGainDdbi: 30, region: "EU868", payee: null };
  const hotspot = changedHotspot(undefined, change, { publicKey, assertion });
  if (hotspot === undefined) throw new Error("EU868 is a region");
  const chain = chainOf(windowOf(Math.floor(clock.now() / PERIOD_MS), WINDOW_PERIODS));
  const chains = new BeaconChains(signer, NETWORK);
  return { ...hotspot, commitments: [{ ...change, ...chains.commitment(chain) }] };
}

/** Everything published, as the gateway would have received it. */
function receivedFrom(agent: AgentHarness): ReceivedPacket[] {
  return agent.broker.published.map(({ bytes }) => {
    const verified = verifyPacket(bytes, NETWORK);
    if (!verified.ok) throw new Error(verified.code);
    const { packet } = verified.decoded;
    const nowMs = agent.clock.now();
    const receivedAtMs =
      packet.type === "beacon" ? reportDeadlineMs(packet.entropyIndex, PARAMETERS) + 1 : nowMs;
    return receivedPacket(verified.decoded, agent.id, receivedAtMs);
  });
}

/** Hears `from`'s latest transmission, as loud as a few kilometres make it. */
function hear(witness: AgentHarness, from: AgentHarness): void {
  const sent = from.radio.transmissions.at(-1);
  if (sent === undefined) throw new Error("Nothing was transmitted");
  const { bytes, freqHz, spreadingFactor, bandwidthHz } = sent;
  witness.radio.read({
    kind: "frame",
    modulation: "lora",
    atMs: witness.clock.now(),
    bytes,
    freqHz,
    spreadingFactor,
    bandwidthHz,
    rssiDbm: -110,
    snrDb: -0.04,
  });
}

test("a beacon and its witness are accepted by the judge", async () => {
  const beaconer = new AgentHarness({ seed: 1 });
  const witness = new AgentHarness({ seed: 2, clock: beaconer.clock });
  const { clock } = beaconer;
  await beaconer.start();
  await witness.start();
  await clock.advance(PERIOD_MS * WINDOW_PERIODS - (clock.now() % (PERIOD_MS * WINDOW_PERIODS)) - PERIOD_MS);
  const firstIndex = clock.now() / PERIOD_MS + 1;
  beaconer.radio.answer = ({ powerDbm }) => {
    hear(witness, beaconer);
    return { sent: true, powerDbm };
  };
  await beaconer.runPeriods(WINDOW_PERIODS);

  const [beacon] = beaconer.packets("beacon");
  expect(beaconer.radio.transmissions).toHaveLength(1);
  expect(beacon?.powerDbm).toBe(13);
  const periodStartMs = (beacon?.entropyIndex ?? 0) * PERIOD_MS;
  expect(beacon?.atMs).toBeGreaterThanOrEqual(periodStartMs);
  expect(beacon?.atMs).toBeLessThan(periodStartMs + PERIOD_MS * 0.8);
  const [report] = witness.packets("witness");
  expect(report).toMatchObject({ rssiDbm: -110, snrDdb: 0, gnss: null });

  const indexes = Array.from({ length: WINDOW_PERIODS }, (_, i) => firstIndex + i);
  const judgement = earshot1.judge({
    parameters: PARAMETERS,
    packets: [...receivedFrom(beaconer), ...receivedFrom(witness)],
    hotspots: [hotspotOf(beaconer, 473_667_000), hotspotOf(witness, 473_967_000)],
    entropy: indexes.map((index) => ({ index, value: entropyValue(index) })),
    epoch: epochOf(firstIndex, PARAMETERS),
    denials: [],
    usedSequences: new Map(),
    contactsBefore: new Map(),
  });
  expect(judgement.verdicts.map(({ type, reason }) => `${type} ${reason}`).sort()).toEqual([
    "beacon ok",
    "witness ok",
  ]);
  expect(judgement.proven).toHaveLength(1);
  await beaconer.stop();
  await witness.stop();
  expect(clock.pending).toBe(0);
});

test("a beacon report has the receiver's position when the beacon was sent", async () => {
  const agent = new AgentHarness();
  await agent.start();
  while (agent.packets("beacon").length === 0) {
    const fix = { mode: 3, latDeg: 47.3667, lonDeg: 8.55, satellitesUsed: 9, horizontalErrorM: 2 } as const;
    agent.gps.read({ kind: "gps", atMs: agent.clock.now(), satellites: [], ...fix });
    await agent.clock.advance(0);
    if (agent.clock.now() % PERIOD_MS === 0) await agent.publishEntropy();
    await agent.clock.advance(PERIOD_MS / 6);
  }
  expect(agent.packets("beacon")[0]?.gnss).toEqual({
    fixMode: 3,
    satellitesUsed: 9,
    latE7: 473_667_000,
    lonE7: 85_500_000,
    altitudeM: null,
    horizontalErrorDm: 20,
    integrityFlags: 0,
  });
  await agent.stop();
});

test("a radio whose beacons nobody could hear sends none, and the page shows why", async () => {
  const agent = new AgentHarness();
  agent.radio.cannotBeacon = "nobody would hear it";
  await agent.start();
  await agent.runPeriods(WINDOW_PERIODS * 2);
  expect(agent.radio.transmissions).toEqual([]);
  const status = agent.board.snapshot(agent.clock);
  expect(status.schedule).toMatchObject({ state: "missed", reason: "nobody would hear it" });
  const part = assess(status).parts.find(({ title }) => title === "Beacon");
  expect(part).toMatchObject({ health: "attention", text: "None is sent: nobody would hear it" });
  await agent.stop();
});

test("a concentrator's statuses are watched for deafness", async () => {
  const agent = new AgentHarness();
  await agent.start();
  const counters = { rxOk: 1, rxBad: 0, rxNoCrc: 0, transmitted: 0 };
  agent.radio.read({ kind: "radio", atMs: agent.clock.now(), gatewayEui: "aa", ...counters });
  await agent.clock.advance(0);
  const { statuses } = agent.board.snapshot(agent.clock).radio;
  expect(statuses).toMatchObject([{ gatewayEui: "aa", hearing: { state: "learning" } }]);
  await agent.stop();
});

test("one beacon a window, also over a restart within it", async () => {
  const agent = new AgentHarness();
  await agent.start();
  await agent.runPeriods(WINDOW_PERIODS * 4);
  const windows = agent.packets("beacon").map(({ entropyIndex }) => windowOf(entropyIndex, WINDOW_PERIODS));
  expect(windows.length).toBeGreaterThanOrEqual(4);
  expect(new Set(windows).size).toBe(windows.length);

  // Runs until the next beacon is out, and restarts while its entropy still holds.
  const before = agent.radio.transmissions.length;
  while (agent.radio.transmissions.length === before) {
    await agent.clock.advance(PERIOD_MS - (agent.clock.now() % PERIOD_MS));
    await agent.publishEntropy();
    await agent.clock.advance(PERIOD_MS * 0.81);
  }
  await agent.stop();
  await agent.start();
  await agent.publishEntropy();
  await agent.clock.advance(PERIOD_MS * 0.1);
  expect(agent.radio.transmissions).toHaveLength(before + 1);
  expect(agent.board.schedule?.state).toBe("used");
  await agent.stop();
  expect(agent.clock.pending).toBe(0);
});

test("an outage loses nothing, and the freshest reports go first after it", async () => {
  const agent = new AgentHarness();
  const other = signerFromSeed(new Uint8Array(32).fill(7));
  await agent.start();
  await agent.clock.advance(1000);
  const before = agent.broker.published.length;
  agent.broker.lose();
  for (let i = 0; i < 5; i++) {
    agent.radio.read(beaconFrame(other.publicKey, i, agent.clock.now()));
    await agent.clock.advance(60_000);
  }
  expect(agent.broker.published).toHaveLength(before);
  expect(agent.board.snapshot(agent.clock).broker).toMatchObject({ state: "lost" });
  agent.broker.isReachable = true;
  await agent.clock.advance(61_000);

  const after = agent.broker.published.slice(before).map(({ bytes }) => packetOf(bytes));
  const heard = after.filter((packet) => packet.type === "witness");
  const indexes = heard.map(({ entropyIndex }) => entropyIndex);
  expect(indexes).toEqual([4, 3, 2, 1, 0]);
  expect(after.slice(0, 5).every(({ type }) => type === "witness")).toBe(true);
  const sequences = agent.broker.published.map(({ bytes }) => packetOf(bytes).sequence);
  expect(sequences.toSorted((a, b) => a - b)).toEqual(sequences.map((_, i) => i + 1));
  await agent.stop();
});

function beaconFrame(publicKey: Uint8Array, index: number, atMs: number) {
  const bytes = Uint8Array.fromHex(
    `e0ea01${index.toString(16).padStart(8, "0")}${sha256(publicKey).slice(0, 8).toHex()}${"ab".repeat(16)}`,
  );
  return {
    kind: "frame",
    modulation: "lora",
    atMs,
    bytes,
    freqHz: 868_100_000,
    spreadingFactor: 7,
    bandwidthHz: 125_000,
    rssiDbm: -100,
    snrDb: 5,
  } as const;
}

describe("what the radio tells of a frame goes into the report", () => {
  const heard = (frame: Partial<LoraFrame>) => async () => {
    const agent = new AgentHarness();
    await agent.start();
    const index = (await agent.publishEntropy()).index;
    agent.radio.read({ ...beaconFrame(new Uint8Array(32).fill(3), index, agent.clock.now()), ...frame });
    await agent.clock.advance(1);
    const [packet] = agent.packets("witness");
    await agent.stop();
    return packet;
  };

  test("all of it, as an SX1303 does", async () => {
    const told = { rssiKind: "signal", freqOffsetHz: -1203, fineTimeNs: 123_456_789, antenna: 1 } as const;
    const packet = await heard({ ...told, fineTimeEncrypted: false, gatewayEui: "AA555A0000000001" })();
    const concentrator = Uint8Array.fromHex("aa555a0000000001");
    expect(packet).toMatchObject({ ...told, fineTimeEncrypted: false, concentrator });
  });

  test("nothing, as of a modem", async () => {
    expect(await heard({})()).toMatchObject(NO_DETAILS);
  });

  test("an encrypted time without its number; an EUI that several use; what does not fit is left out", async () => {
    const odd = { freqOffsetHz: 2e6, antenna: 256, fineTimeNs: 5, fineTimeEncrypted: true } as const;
    const packet = await heard({ ...odd, gatewayEui: "aa555a0000000001 (10.0.0.5:1700)" })();
    const concentrator = Uint8Array.fromHex("aa555a0000000001");
    expect(packet).toMatchObject({ ...NO_DETAILS, fineTimeEncrypted: true, concentrator });
  });
});

describe("a status tells where the key is", () => {
  const keyHeld = async (concentrators: string[] | undefined, isOnThisMachine?: boolean) => {
    const agent = new AgentHarness();
    Object.assign(agent.radio, { concentrators, isOnThisMachine });
    await agent.start();
    await agent.clock.advance(CORE.statusPeriodMs);
    const status = agent.packets("status").at(-1);
    await agent.stop();
    return status?.keyHeld;
  };

  test("on the machine of its radios, on another, or not known", async () => {
    expect(await keyHeld(undefined)).toBe("here");
    expect(await keyHeld(["aa555a0000000001"], true)).toBe("here");
    expect(await keyHeld(["aa555a0000000001"], false)).toBe("elsewhere");
    expect(await keyHeld([])).toBeNull();
    expect(await keyHeld(["aa555a0000000001"])).toBeNull();
  });
});

test("entropy is live once one continues the one before; the first may have waited at the broker", async () => {
  const agent = new AgentHarness();
  await agent.start();
  const told = async () => {
    await agent.publishEntropy();
    return agent.board.snapshot(agent.clock).entropy;
  };
  expect(await told()).toMatchObject({ isLive: false, isChainBroken: false });
  await agent.clock.advance(PERIOD_MS);
  expect(await told()).toMatchObject({ isLive: true, isChainBroken: false });
  // One is missed.
  await agent.clock.advance(2 * PERIOD_MS);
  expect(await told()).toMatchObject({ isLive: false, isChainBroken: false });
  await agent.stop();
});
