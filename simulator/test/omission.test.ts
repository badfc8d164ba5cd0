import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runAgent, sqliteOutbox } from "@earshot/agent";
import { FakeRadio } from "@earshot/agent/testing";
import { bundleFolder, createGateway, type Gateway, openStore, type Store } from "@earshot/gateway";
import {
  decodeCbor,
  encodeBeaconFrame,
  encodeCbor,
  hotspotId,
  parametersMessage,
  receiptMessage,
  sha256,
  signerFromSeed,
  silentLog,
  u32,
} from "@earshot/protocol";
import { decodeEvidence } from "@earshot/protocol/omission";
import { ManualClock, seededRandom } from "@earshot/protocol/testing";
import { DEMO_PARAMETERS, seededEntropy } from "../src/fleet/demo-network.ts";
import { MemoryBroker } from "../src/fleet/memory-broker.ts";
import { ROOT } from "./support/process.ts";
import { writeAgentConfig } from "./support/services.ts";

/*
 * Gateways that were made to lie, an agent that keeps what they confirmed, and its audit: the programs as they are, over a
 * network that ran in virtual time.
 */

const { network, entropyPeriodMs, epochPeriods } = DEMO_PARAMETERS;
const EPOCH_MS = entropyPeriodMs * epochPeriods;
const START_MS = Math.ceil(Date.UTC(2026, 0, 1) / EPOCH_MS) * EPOCH_MS;
const networkSigner = signerFromSeed(sha256(u32(77)));
const networkKey = hotspotId(networkSigner.publicKey);
const hotspotSigner = signerFromSeed(sha256(u32(78)));
const folder = mkdtempSync(join(tmpdir(), "earshot-omission-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a store says that keeps something from whoever judges, lists and closes. */
type Lie = (store: Store) => Partial<Store>;

/** The report about the first beacon that was heard: one that somebody would like to be without. */
const isUnwanted = ({ type, sequence }: { type: string; sequence: number }) =>
  type === "witness" && sequence === unwantedSequence;
let unwantedSequence = 0;

const LIES: Readonly<Record<string, Lie>> = {
  honest: () => ({}),
  "out of everything": (store) => ({
    ...withoutIn(store, "reportsOfIndex"),
    ...withoutIn(store, "packetsOfEpoch"),
    ...withoutVerdict(store),
  }),
  "out of the bundle": (store) => ({ ...withoutIn(store, "packetsOfEpoch"), ...withoutVerdict(store) }),
  "said to be late": (store) => ({
    packetsOfEpoch: async (...about) =>
      (await store.packetsOfEpoch(...about)).map((packet) =>
        isUnwanted(packet) ? { ...packet, receivedAtMs: packet.receivedAtMs + 9000 } : packet,
      ),
  }),
};

const withoutIn = (store: Store, method: "reportsOfIndex" | "packetsOfEpoch"): Partial<Store> => ({
  [method]: async (about: number, ids: string[]) =>
    (await store[method](about, ids)).filter((packet) => !isUnwanted(packet)),
});

const withoutVerdict = (store: Store): Partial<Store> => ({
  verdictsOfEpoch: async (...about) => {
    const packets = await store.packetsOfEpoch(...(about as [number, string[]]));
    const unwanted = packets.find(isUnwanted)?.id;
    return (await store.verdictsOfEpoch(...about)).filter(({ packetId }) => packetId !== unwanted);
  },
});

interface Ran {
  gateway: Gateway;
  store: Store;
  agentFolder: string;
}

const heard = (number: number, atMs: number) => ({
  ...{ kind: "frame" as const, modulation: "lora" as const, atMs, codingRate: "4/5" as const },
  bytes: encodeBeaconFrame({
    entropyIndex: Math.floor(atMs / entropyPeriodMs),
    shortId: sha256(u32(number)).slice(0, 8),
    tag: sha256(u32(number)).slice(8, 24),
  }),
  ...{ freqHz: 904_300_000, spreadingFactor: 8, bandwidthHz: 125_000, rssiDbm: -101, snrDb: -3.5 },
  ...{ tmstUs: number * 1_000_000, channel: 2, radio: 0 },
});

/** A network of one agent, until its first two epochs are closed: in the second one its beacons count. */
async function ran(name: string, lie: Lie): Promise<Ran> {
  const clock = new ManualClock(START_MS);
  const stop = new AbortController();
  const real = await openStore("sqlite://:memory:");
  const store = { ...real, ...lie(real) };
  const broker = new MemoryBroker();
  const gateway = await createGateway({
    ...{ parameters: DEMO_PARAMETERS, store, clock, signer: networkSigner, registration: "open" },
    ...{ entropySource: seededEntropy(1), downlink: broker, log: silentLog },
    bundles: bundleFolder(join(folder, name, "epochs")),
  });
  broker.serve(gateway);
  const agentFolder = join(folder, name);
  mkdirSync(join(agentFolder, "agent"), { recursive: true, mode: 0o700 });
  const limits = { maxBytes: 1_000_000, maxAgeMs: 86_400_000 };
  const outbox = sqliteOutbox({ stateDir: join(agentFolder, "agent"), clock, log: silentLog, ...limits });
  const radio = new FakeRadio();
  const position = { latE7: 397_392_000, lonE7: -1_049_903_000, elevationM: 12, antennaGainDdbi: 30 };
  const running = [
    gateway.run(stop.signal),
    runAgent(
      {
        config: {
          network: { name: network, publicKey: networkSigner.publicKey },
          hotspot: { ...position, region: "US915", payee: null },
          ...{ maxPowerDbm: 27, statusPeriodMs: 2000, readingPeriodMs: 300_000 },
        },
        ...{ clock, random: seededRandom(1), log: silentLog, signer: hotspotSigner, outbox, version: "test" },
        ...{ openPublisher: broker.openPublisher, openRadio: radio.open },
      },
      stop.signal,
    ),
  ];
  const untilMs = START_MS + 2 * EPOCH_MS + 30_000;
  for (let number = 1; clock.now() < untilMs; number++) {
    await clock.advance(5000);
    // Nothing of the third epoch, which does not close.
    if (clock.now() >= START_MS + 2 * EPOCH_MS - 5000)
      radio.answer = () => ({ sent: false, error: "TX_FREQ" });
    else if (number % 2 === 0) radio.read(heard(number, clock.now()));
  }
  stop.abort();
  await clock.resolve(Promise.all(running));
  outbox.close();
  return { gateway, store: real, agentFolder };
}

const results = new Map<string, Ran>();
beforeAll(async () => {
  // Which number the first witness report has: the same in each run.
  const first = await ran("first", () => ({}));
  const epoch = START_MS / EPOCH_MS;
  const reports = await first.store.packetsOfEpoch(epoch, [hotspotId(hotspotSigner.publicKey)]);
  unwantedSequence = Math.min(...reports.filter(({ type }) => type === "witness").map((one) => one.sequence));
  for (const [name, lie] of Object.entries(LIES)) results.set(name, await ran(name, lie));
}, 60_000);

/** A program's exit status and all that it says. */
async function command(...args: string[]): Promise<{ status: number; said: string }> {
  const child = spawn(process.execPath, args, { cwd: ROOT, timeout: 30_000 });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += part));
  const [status] = await once(child, "close");
  return { status, said };
}

async function audit(name: string, { gateway, agentFolder }: Ran) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => gateway.app.fetch(request),
  });
  const config = writeAgentConfig({
    ...{ folder: agentFolder, publicKey: networkSigner.publicKey.toHex() },
    ...{ mqttPort: 1, udpPort: 2, pagePort: 3 },
  });
  const out = join(folder, `${name} evidence`);
  mkdirSync(out, { recursive: true });
  const url = `http://127.0.0.1:${server.port}`;
  const args = ["audit", "--config", config, "--gateway", url, "--out", out];
  const { status, said } = await command("agent/src/main.ts", ...args);
  await server.stop(true);
  return { status, said, evidence: readdirSync(out).map((file) => join(out, file)) };
}

const verified = (file: string, ...more: string[]) =>
  command("gateway/src/main.ts", "verify-epoch", "--evidence", file, ...more);

test("an honest gateway passes, and what is in bundles is kept no longer", async () => {
  const honest = results.get("honest") as Ran;
  const receipts = join(honest.agentFolder, "agent", "receipts");
  expect(readdirSync(receipts).length).toBeGreaterThan(0);
  const first = await audit("honest", honest);
  expect(first).toMatchObject({ status: 0, evidence: [] });
  const [, confirmed, inRoots, inBundles] =
    /^(\d+) reports are confirmed[\s\S]*^(\d+) are in the root over their period, (\d+) in the bundle/m.exec(
      first.said,
    ) ?? [];
  const epochs = [0, 1].map((i) =>
    honest.store.packetsOfEpoch(START_MS / EPOCH_MS + i, [hotspotId(hotspotSigner.publicKey)]),
  );
  const reports = (await Promise.all(epochs)).flat();
  expect(new Set(reports.map(({ type }) => type))).toEqual(new Set(["beacon", "witness"]));
  expect(Number(confirmed)).toBe(reports.length);
  expect([inRoots, inBundles]).toEqual([confirmed, confirmed]);
  expect(first.said).toContain("None is missing.");
  const second = await audit("honest", honest);
  expect(second).toMatchObject({ status: 0, said: expect.stringMatching(/^0 reports are confirmed/) });
});

describe.each(Object.keys(LIES).filter((name) => name !== "honest"))(
  "a gateway that leaves a report %s",
  (name) => {
    test("is convicted by files that anybody can check", async () => {
      const { status, said, evidence } = await audit(name, results.get(name) as Ran);
      expect(said).toContain("MISSING");
      expect(status).toBe(1);
      expect(evidence).toHaveLength(name === "out of everything" ? 2 : 1);
      for (const file of evidence) {
        const packet = decodeEvidence(readFileSync(file))?.packet ?? new Uint8Array();
        const shown = await verified(file, "--key", networkKey);
        expect(shown.said).toContain("has confirmed a report and left it out");
        expect(shown.said).toContain(sha256(packet).toHex());
        expect(shown.status).toBe(0);
        const unpinned = await verified(file);
        expect(unpinned.said).toContain("compare it, or give it with --key");
        const other = await verified(file, "--key", hotspotId(hotspotSigner.publicKey));
        expect([other.status, other.said]).toEqual([1, expect.stringContaining("shows nothing (")]);
      }
    });
  },
);

describe("a file that was made up is refused by name", () => {
  let honestFile: unknown[] = [];
  beforeAll(async () => {
    const name = "out of everything";
    const [file] = readdirSync(join(folder, `${name} evidence`)).filter((one) => one.includes("bundle"));
    const decoded = decodeCbor(readFileSync(join(folder, `${name} evidence`, file ?? "")));
    honestFile = decoded.ok ? (decoded.value as unknown[]) : [];
  });

  const forged = async (change: (fields: unknown[]) => unknown[]) => {
    const file = join(folder, "forged.cbor");
    writeFileSync(file, encodeCbor(change(honestFile) as Parameters<typeof encodeCbor>[0]));
    const { status, said } = await verified(file, "--key", networkKey);
    expect(status).toBe(1);
    return /shows nothing \((\w+)\)/.exec(said)?.[1];
  };
  const flipped = (bytes: unknown) =>
    (bytes as Uint8Array).map((byte, i, all) => (i === all.length - 5 ? byte ^ 1 : byte));
  const stranger = signerFromSeed(sha256(u32(79)));

  test.each<[string, number, string]>([
    ["the receipt", 4, "confirmation"],
    ["the report", 5, "packet"],
    ["the parameters", 6, "parameters"],
    ["the manifest", 8, "signed_list"],
    ["the packets", 9, "other_list"],
  ])("%s", async (_, place, code) => {
    expect(await forged((fields) => fields.with(place, flipped(fields[place])))).toBe(code);
  });

  test("a receipt that the hotspot wrote itself, parameters with a longer deadline, another kind, no such file", async () => {
    const packetId = sha256(honestFile[5] as Uint8Array);
    const receipt = receiptMessage.seal(
      {
        ...{ atMs: START_MS, hotspot: hotspotSigner.publicKey, answers: packetId, used: [] },
        stored: [{ sequence: 1, packetId, receivedAtMs: START_MS }],
        ...{ gateway: null, lowest: null, copies: null, commitments: null },
      },
      hotspotSigner,
      network,
    );
    expect(await forged((fields) => fields.with(4, receipt))).toBe("confirmation");
    const longer = { ...DEMO_PARAMETERS, reportDeadlineMs: 86_400_000 };
    const parameters = parametersMessage.seal(longer, stranger, network);
    expect(await forged((fields) => fields.with(6, parameters))).toBe("parameters");
    expect(await forged((fields) => fields.with(3, 2))).toBe("not_missing");
    expect(await forged((fields) => fields.with(3, 0))).toBe("not_evidence");
    expect(await forged((fields) => fields.with(3, 9))).toBe("not_evidence");
    expect(await forged(() => [])).toBe("not_evidence");
    const nowhere = await verified(join(folder, "nowhere.cbor"));
    expect([nowhere.status, nowhere.said]).toEqual([2, expect.stringContaining("Cannot read")]);
  });

  test("the packets of an honest bundle: there it is", async () => {
    const honest = (results.get("honest") as Ran).agentFolder;
    const [bundle] = readdirSync(join(honest, "epochs")).sort();
    const [manifest, packets] = ["manifest.cbor", "packets.cbor"].map(
      (file) => new Uint8Array(readFileSync(join(honest, "epochs", bundle ?? "", file))),
    );
    expect(await forged((fields) => fields.with(8, manifest).with(9, packets))).toBe("not_missing");
  });
});
