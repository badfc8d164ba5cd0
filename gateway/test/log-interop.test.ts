import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_PARAMETERS, sha256, signerFromSeed, utf8 } from "@earshot/protocol";
import { systemClock } from "@earshot/protocol/runtime";
import {
  type AddCheckpoint,
  decodeEntries,
  entryHash,
  formatCheckpoint,
  formatNote,
  formatNoteKey,
  type NoteKey,
  proveConsistency,
  rootOf,
  SIGNATURE_TYPES,
  signNote,
} from "@earshot/protocol/tlog";
import { PROOF_FILE } from "../src/bundle/bundle.ts";
import { serveHttp } from "../src/http/serve.ts";
import { askWitness } from "../src/log/witness-client.ts";
import { temporaryFolder } from "../src/testing/test-bundle.ts";
import { startTestGateway } from "../src/testing/test-gateway.ts";
import {
  areLogToolsMissing,
  type StartWitness,
  startGateway,
  startLitewitness,
  startOwnWitness,
  TLOG_READER,
  untilSaid,
  verifyEpoch,
  type WitnessProcess,
} from "./log-tools.ts";

const SEED = sha256(utf8("the network's key"));
const signer = signerFromSeed(SEED);
/** Of a network `test` with that key. */
const LOG: NoteKey = { name: "earshot/test", type: SIGNATURE_TYPES.log, publicKey: signer.publicKey };

const honest = Array.from({ length: 2500 }, (_, i) => entryHash(utf8(`entry ${i}`)));
const forked = honest.with(700, entryHash(utf8("another")));

async function request(leaves: readonly Uint8Array[], oldSize: number, size: number): Promise<AddCheckpoint> {
  const { name: origin } = LOG;
  const text = formatCheckpoint({ origin, size, root: rootOf(leaves.slice(0, size)) });
  const checkpoint = formatNote({ text, signatures: [signNote(text, origin, signer)] });
  const read = async (level: number, first: number, count: number) =>
    Array.from({ length: count }, (_, i) => {
      const width = 256 ** level;
      return rootOf(leaves.slice((first + i) * width, (first + i + 1) * width));
    });
  return { oldSize, proof: await proveConsistency(oldSize, size, read), checkpoint };
}

/** What every witness must do, whoever made it. */
function witnessContract(name: string, start: StartWitness): void {
  describe(`witness: ${name}`, () => {
    let witness: WitnessProcess;
    beforeAll(async () => {
      witness = await start(LOG);
    });
    afterAll(() => witness[Symbol.asyncDispose]());

    const { signal } = new AbortController();
    const ask = async (asked: AddCheckpoint | Promise<AddCheckpoint>) =>
      askWitness(witness, await asked, { fetch, clock: systemClock, signal });

    test("cosigns what an honest log signs, from nothing on", async () => {
      for (const [oldSize, size] of [
        [0, 1],
        [1, 1000],
        [1000, 1000],
        [1000, 2000],
      ] as const) {
        expect(await ask(request(honest, oldSize, size))).toMatchObject({ kind: "cosigned" });
      }
    });

    test("says which size it knows, also after it was killed", async () => {
      expect(await ask(request(honest, 0, 2400))).toEqual({ kind: "other size", size: 2000 });
      await witness.restart();
      expect(await ask(request(honest, 1000, 2400))).toEqual({ kind: "other size", size: 2000 });
    });

    test("refuses a rewritten leaf, with any proof", async () => {
      const refused = { kind: "refused", problem: expect.stringContaining("422") };
      expect(await ask(request(forked, 2000, 2400))).toMatchObject(refused);
      expect(await ask(request(forked, 2000, 2000))).toMatchObject(refused);
      const { checkpoint } = await request(forked, 2000, 2400);
      expect(await ask({ ...(await request(honest, 2000, 2400)), checkpoint })).toMatchObject(refused);
    });

    test("refuses a rollback, said or not", async () => {
      expect(await ask(request(honest, 1000, 1500))).toEqual({ kind: "other size", size: 2000 });
      const { checkpoint } = await request(honest, 1000, 1500);
      const rollback = await ask({ oldSize: 2000, proof: [], checkpoint });
      expect(rollback).toMatchObject({ kind: "refused", problem: expect.stringContaining("400") });
    });

    test("refuses what the log has not signed", async () => {
      const { checkpoint, ...rest } = await request(honest, 2000, 2400);
      const other = checkpoint.replace("\n2400\n", "\n2401\n");
      expect(await ask({ ...rest, checkpoint: other })).toMatchObject({
        kind: "refused",
        problem: expect.stringContaining("403"),
      });
    });

    test("goes on with the honest log as if nothing had been", async () => {
      expect(await ask(request(honest, 2000, 2500))).toMatchObject({ kind: "cosigned" });
    });
  });
}

/** A network of short epochs, whose gateway asks a witness, and an auditor who demands its cosignature. */
function networkContract(name: string, start: StartWitness): void {
  test(`an epoch of a network is closed, cosigned by ${name}, and verified with the policy`, async () => {
    await using witness = await start(LOG);
    using folder = temporaryFolder();
    const policy = join(folder.path, "policy");
    writeFileSync(policy, `witness W ${formatNoteKey(witness.key)} ${witness.url}\nquorum W\n`);
    const state = join(folder.path, "state");
    mkdirSync(state, { mode: 0o700 });
    writeFileSync(join(state, "network.key"), SEED, { mode: 0o600 });
    const config = join(folder.path, "gateway.toml");
    writeFileSync(config, configOf(state, policy));
    // The witness would refuse a log that forks: each run is killed without warning, and the next goes on.
    for (let run = 0; run < 3; run++) {
      const gateway = startGateway(config);
      await untilSaid(gateway.stderr, /"msg":"The epoch's manifest is proven to be in the log"/);
      gateway.kill("SIGKILL");
      await gateway.exited;
    }
    const [bundle = ""] = readdirSync(join(state, "epochs")).filter((each) =>
      existsSync(join(state, "epochs", each, PROOF_FILE)),
    );
    const checked = await verifyEpoch(join(state, "epochs", bundle), policy);
    expect(checked.out).toContain("cosigned by W");
    expect(checked.status).toBe(0);
  });
}

const configOf = (state: string, policy: string): string => `network = "test"
state_dir = ${JSON.stringify(state)}
[broker]
port = 0
[http]
port = 0
[log]
format = "json"
[public_log]
policy_file = ${JSON.stringify(policy)}
[parameters]
entropy_period_ms = 500
entropy_validity_ms = 500
window_periods = 1
epoch_periods = 2
report_deadline_ms = 500
reciprocity_periods = 0
`;

witnessContract("gateway witness", startOwnWitness);
networkContract("gateway witness", startOwnWitness);

describe.skipIf(areLogToolsMissing)("with programs of others", () => {
  witnessContract("litewitness", startLitewitness);
  networkContract("litewitness", startLitewitness);

  test("another reader reads the log by its tiles, and finds the same entries", async () => {
    await using gateway = await startTestGateway(Date.UTC(2026, 1, 1), {
      parameters: { ...DEFAULT_PARAMETERS, network: "testnet-1" },
    });
    await gateway.clock.advance(150 * DEFAULT_PARAMETERS.entropyPeriodMs);
    const { app } = gateway.gateway;
    const limits = { max: 100, maxPerAddress: 100 };
    const server = await serveHttp({
      host: "127.0.0.1",
      port: 0,
      limits,
      trustedProxies: [],
      fetch: app.fetch,
    });
    const vkey = (await (await app.request("/log/key")).text()).trim();
    const reader = Bun.spawn([TLOG_READER, "read", `${server.url}log`, vkey], {
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err] = await Promise.all([
      new Response(reader.stdout).text(),
      new Response(reader.stderr).text(),
    ]);
    await server.close();
    expect(err).toBe("");
    const entries: Uint8Array[] = [];
    const size = await gateway.store.logSize();
    for (const name of ["000", `001.p/${size - 256}`]) {
      const bytes = await (await app.request(`/log/tile/entries/${name}`)).bytes();
      entries.push(...(decodeEntries(bytes) ?? []));
    }
    expect(size).toBeGreaterThan(256);
    expect(out.trim()).toBe(`${size} ${sha256(...entries).toHex()}`);
  });
});
