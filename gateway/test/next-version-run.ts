/**
 * Runs the test network's gateway for some epochs over a database in a folder, which an earlier run may have left: of this
 * program, or as a program of another version (`next-version.test.ts`). Prints what it knows of the parameters afterwards.
 */

import { join } from "node:path";
import { formatParameters, type NetworkParameters } from "@earshot/protocol";
import { bundleFolder } from "../src/bundle/bundle-folder.ts";
import { openStore } from "../src/store/open-store.ts";
import { assertions, startTestGateway } from "../src/testing/test-gateway.ts";
import { epochPackets, FIRST_EPOCH, PARAMETERS } from "../src/testing/test-network.ts";

interface RunOptions {
  folder: string;
  /** Counted from the network's first. */
  firstEpoch: number;
  epochs: number;
  /** As configured, where they differ from the test network's. */
  changes: Record<string, unknown>;
}

const EPOCH_MS = 8000;

export async function runEpochs({ folder, firstEpoch, epochs, changes }: RunOptions) {
  const store = await openStore(`sqlite://${join(folder, "gateway.db")}`);
  const startMs = (FIRST_EPOCH + firstEpoch) * EPOCH_MS;
  await using run = await startTestGateway(startMs + 10, {
    store,
    bundles: bundleFolder(join(folder, "epochs")),
    parameters: { ...PARAMETERS, ...(changes as Partial<NetworkParameters>) },
  });
  const packets = Array.from({ length: epochs }, (_, i) => epochPackets(FIRST_EPOCH + firstEpoch + i)).flat();
  // The last epoch's witnesses are drawn some seconds after it.
  await run.play([...assertions(startMs + 20), ...packets], startMs + epochs * EPOCH_MS + 7000);
  const versions = await store.parametersVersions();
  return {
    versions: versions.map(({ parameters }) => formatParameters(parameters)),
    closed: (await store.epochs({ limit: 100 }))
      .map(({ epoch }) => epoch - FIRST_EPOCH)
      .sort((a, b) => a - b),
  };
}

if (import.meta.main) {
  const options: RunOptions = JSON.parse(process.argv[2] ?? "");
  console.log(JSON.stringify(await runEpochs(options)));
}
