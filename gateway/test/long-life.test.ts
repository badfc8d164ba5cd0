import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  keyDocumentMessage,
  NetworkKeys,
  type NetworkParameters,
  openEnvelope,
  type Signer,
  sha256,
  signerFromSeed,
  utf8,
} from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { bundleFolder } from "../src/bundle/bundle-folder.ts";
import { type ChangeBasis, firstDocument, type NewKey, rotated } from "../src/keys/key-changes.ts";
import { KeyRing } from "../src/keys/key-ring.ts";
import type { GatewayDeps } from "../src/service/gateway-deps.ts";
import { SCHEMA_VERSION } from "../src/store/migrations/migrations.ts";
import { openStore } from "../src/store/open-store.ts";
import { writeAsOlderSchema } from "../src/testing/older-schema.ts";
import { startTestGateway } from "../src/testing/test-gateway.ts";
import {
  epochPackets,
  FIRST_EPOCH,
  HOTSPOTS,
  networkSigner,
  PARAMETERS,
} from "../src/testing/test-network.ts";
import { bundlePaths } from "../src/verify/bundle-source.ts";
import { type VerifyReport, verifySeries } from "../src/verify/verify-epoch.ts";
import { LATER_RULES, WITH_LATER_RULES } from "./later-rules.ts";

/*
 * One network through what happens to networks: its keys are replaced, its parameters change, then its rules, and twice its
 * gateway is updated over a database with older tables. No epoch is lost, and whoever pins the root key verifies them all.
 */

const EPOCH_MS = PARAMETERS.epochPeriods * PARAMETERS.entropyPeriodMs;
const at = (epoch: number): number => (FIRST_EPOCH + epoch) * EPOCH_MS;
const { network } = PARAMETERS;

const SENT = Array.from({ length: 9 }, (_, i) => epochPackets(FIRST_EPOCH + i)).flat();

/** The operator's key files: every role has a key of its own, and another from the second epoch on. */
function keyFiles(nowMs: number) {
  const signers: Signer[] = [networkSigner];
  const documents: Uint8Array[] = [];
  const newKey: NewKey = (role) => {
    const signer = signerFromSeed(sha256(utf8(`${role} ${signers.length}`)));
    signers.push(signer);
    return signer.publicKey;
  };
  const basis = (): ChangeBasis => {
    const read = NetworkKeys.read(network, networkSigner.publicKey, documents);
    if (!read.ok) throw new Error(read.why);
    return { keys: read.keys, clockwork: PARAMETERS, nowMs };
  };
  const sign = (document: ReturnType<typeof firstDocument>) =>
    documents.push(keyDocumentMessage.seal(document, networkSigner, network));
  sign(firstDocument(basis(), 0, newKey));
  const roles = ["entropy", "registry", "epochs", "downlink", "log"] as const;
  sign(rotated(basis(), roles, FIRST_EPOCH + 2, newKey));
  return { documents, signers };
}

test("a network goes through new keys, parameters, rules and tables, and loses no epoch", async () => {
  const folder = mkdtempSync(join(tmpdir(), "earshot-long-life-"));
  const path = join(folder, "gateway.db");
  const bundles = join(folder, "epochs");
  const clock = new ManualClock(at(0) + 10);
  const files = keyFiles(clock.now());
  const source = { read: () => files };
  /** A gateway as of one program and configuration, until then; the next one goes on with what it left. */
  const live = async (untilMs: number, changes: Partial<GatewayDeps> = {}) => {
    const store = await openStore(`sqlite://${path}`);
    if ((await store.hotspots()).length === 0) await store.putHotspots(HOTSPOTS);
    // Tables of before have no room for commitments, which the network would have had no beacons without.
    for (const { id, commitments } of HOTSPOTS) await store.addCommitments(id, commitments);
    await using run = await startTestGateway(clock.now(), {
      ...{ store, clock, bundles: bundleFolder(bundles), ruleSets: WITH_LATER_RULES },
      signer: KeyRing.load(PARAMETERS, networkSigner.publicKey, source, clock),
      ...changes,
    });
    const sent = SENT.filter(({ receivedAtMs }) => receivedAtMs >= clock.now() && receivedAtMs < untilMs);
    await run.play(sent, untilMs);
    return {
      epochs: (await store.epochs({ limit: 20 })).map(({ epoch }) => epoch - FIRST_EPOCH).reverse(),
      versions: (await store.parametersVersions()).map(({ parameters }) => parameters),
    };
  };
  try {
    await live(at(3) + 10);
    await writeAsOlderSchema(path, SCHEMA_VERSION - 3);
    const drawn: NetworkParameters = { ...PARAMETERS, maxPaidWitnesses: 2 };
    await live(at(5) + 10, { parameters: drawn });
    await writeAsOlderSchema(path, SCHEMA_VERSION - 1);
    const { epochs, versions } = await live(at(8) + 10, {
      parameters: { ...drawn, ruleSet: LATER_RULES.id },
    });

    expect(epochs).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(
      versions.map(({ activationEpoch, maxPaidWitnesses, ruleSet }) => [
        Math.max(0, activationEpoch - FIRST_EPOCH),
        maxPaidWitnesses,
        ruleSet,
      ]),
    ).toEqual([
      [0, 1, "earshot-1"],
      [4, 2, "earshot-1"],
      [6, 2, LATER_RULES.id],
    ]);
    const reports: VerifyReport[] = [];
    const options = { networkKey: networkSigner.publicKey, ruleSets: WITH_LATER_RULES };
    for await (const report of verifySeries(bundlePaths(bundles), options)) reports.push(report);
    expect(reports.map(({ ok, difference }) => [ok, difference])).toEqual(
      epochs.map(() => [true, undefined]),
    );
    const signers = reports.map(({ path: bundle }) => {
      const opened = openEnvelope(readFileSync(join(bundle, "manifest.cbor")), 65_536);
      return opened.ok && opened.envelope.publicKey.toHex();
    });
    // The second epoch is closed, and signed, in the third: by the new keys.
    expect(new Set(signers.slice(1)).size).toBe(1);
    expect(signers[0]).not.toBe(signers[1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
