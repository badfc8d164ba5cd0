import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hotspotId } from "@earshot/protocol";
import { bundleFolder } from "../src/bundle/bundle-folder.ts";
import { assertions, startTestGateway } from "../src/testing/test-gateway.ts";
import { epochPackets, FIRST_EPOCH, idOf, networkSigner, PARAMETERS } from "../src/testing/test-network.ts";
import { bundlePaths } from "../src/verify/bundle-source.ts";
import { verifySeries } from "../src/verify/verify-epoch.ts";

/*
 * The bundles among the golden files (`protocol/test/golden-files.ts` says what those are): a network's first epochs, with
 * late and refused reports, a denial and a change of its parameters, and what came of them.
 */

const GOLDEN = join(import.meta.dirname, "../../protocol/test/golden");
/** After the one in which its hotspots register, since they count from the next on. */
const EPOCHS = 3;
const EPOCH_MS = 8000;
const ADMIN_TOKEN = "golden-correct-horse";

export const bundlesOf = (format: string): string => join(GOLDEN, format, "bundles");

export const goldenFormats = (): string[] => readdirSync(GOLDEN).sort((a, b) => Number(a) - Number(b));

export const isReleased = (format: string): boolean =>
  JSON.parse(readFileSync(join(GOLDEN, format, "golden.json"), "utf8")).released;

/** What stands in `bundles/expected.json`. */
export interface ExpectedBundles {
  /** The network's key (z6Mk…). */
  key: string;
  epochs: { epoch: number; ruleSet: string; manifestHash: string; root: string; paid: string }[];
}

/** Makes the bundles in a folder, each in one that is named by its epoch. */
export async function makeGoldenBundles(folder: string): Promise<void> {
  const written = mkdtempSync(join(tmpdir(), "earshot-golden-"));
  const startMs = FIRST_EPOCH * EPOCH_MS;
  {
    await using run = await startTestGateway(startMs + 10, {
      bundles: bundleFolder(written),
      adminToken: ADMIN_TOKEN,
    });
    const packets = Array.from({ length: EPOCHS }, (_, i) => epochPackets(FIRST_EPOCH + 1 + i)).flat();
    const sent = [...assertions(startMs + 20), ...packets].sort((a, b) => a.receivedAtMs - b.receivedAtMs);
    const half = startMs + 2 * EPOCH_MS + 1000;
    await run.play(
      sent.filter(({ receivedAtMs }) => receivedAtMs <= half),
      half,
    );
    await run.restart({ parameters: { ...PARAMETERS, maxPaidWitnesses: 2 } });
    const denial = {
      hotspot: idOf("near"),
      reason: "one radio under two keys",
      evidence: "case 17",
      epochs: 4,
    };
    await run.gateway.app.request("/api/v1/denials", {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(denial),
    });
    await run.play(
      sent.filter(({ receivedAtMs }) => receivedAtMs > half),
      startMs + (1 + EPOCHS) * EPOCH_MS + 7000,
    );
  }
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(written))
    copyInto(join(written, name), join(folder, name.slice(0, "epoch-".length + 10)));
  rmSync(written, { recursive: true });
  const expected: ExpectedBundles = {
    key: hotspotId(networkSigner.publicKey),
    epochs: await resultsOf(folder),
  };
  writeFileSync(join(folder, "expected.json"), `${JSON.stringify(expected, null, 1)}\n`);
}

/** Not moved: folders for temporary files may be on another disk. */
function copyInto(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) writeFileSync(join(to, name), readFileSync(join(from, name)));
}

/** @throws {Error} naming what does not hold */
export async function resultsOf(folder: string): Promise<ExpectedBundles["epochs"]> {
  const results: ExpectedBundles["epochs"] = [];
  for await (const { path, verified, difference } of verifySeries(bundlePaths(folder), {
    networkKey: networkSigner.publicKey,
  })) {
    if (verified === undefined) throw new Error(`${path} does not hold: ${JSON.stringify(difference)}`);
    const { manifest, parameters, settlement, signed } = verified;
    results.push({
      epoch: manifest.epoch,
      ruleSet: parameters.ruleSet,
      manifestHash: signed.hash,
      root: settlement.tree.root.toHex(),
      paid: settlement.paid.toString(),
    });
  }
  return results;
}

/** `bun run golden [FORMAT]`: the newest, without one. */
if (import.meta.main) {
  const args = process.argv.slice(2);
  const others = spawnSync(process.execPath, [join(GOLDEN, "../golden-files.ts"), ...args], {
    stdio: "inherit",
  });
  // It refuses to write a released format.
  if (others.status !== 0) process.exit(1);
  const [format = goldenFormats().at(-1) ?? "1"] = args;
  rmSync(bundlesOf(format), { recursive: true, force: true });
  await makeGoldenBundles(bundlesOf(format));
  console.log(`Format ${format}, a candidate: ${readdirSync(bundlesOf(format)).length - 1} bundles`);
}
