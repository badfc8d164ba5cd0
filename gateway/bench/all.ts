/**
 * All benchmarks, one after the other: `bun run bench [short] [name…]`. Each is a command of its own as well; `short`
 * takes a smaller slice, for CI.
 */
import { fileURLToPath } from "node:url";

/** File from the project's root, arguments of the short form. */
const BENCHMARKS: Readonly<Record<string, { file: string; short: readonly string[] }>> = {
  ingest: { file: "gateway/bench/ingest.ts", short: ["3"] },
  store: { file: "gateway/bench/store.ts", short: ["1000", "8192"] },
  edge: { file: "gateway/bench/edge.ts", short: ["2"] },
  mqtt: { file: "gateway/bench/mqtt.ts", short: ["2"] },
  api: { file: "gateway/bench/api.ts", short: ["1", "2000"] },
  judging: { file: "gateway/bench/judging.ts", short: ["4", "100000"] },
  verify: { file: "gateway/bench/verify.ts", short: ["3000"] },
  log: { file: "gateway/bench/log.ts", short: ["5000"] },
  tree: { file: "protocol/bench/tree.ts", short: ["50000"] },
  parsers: { file: "drivers/bench/parsers.ts", short: ["0.5", "3"] },
  idle: { file: "agent/bench/idle.ts", short: ["15", "Bun", "semtech-udp"] },
};

const isShort = process.argv.includes("short");
const asked = process.argv.slice(2).filter((name) => name !== "short");
const unknown = asked.find((name) => !Object.hasOwn(BENCHMARKS, name));
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}"; there are ${Object.keys(BENCHMARKS).join(", ")}`);
  process.exit(2);
}
const root = new URL("../../", import.meta.url);
for (const name of asked.length > 0 ? asked : Object.keys(BENCHMARKS)) {
  const { file, short } = BENCHMARKS[name] as (typeof BENCHMARKS)[string];
  console.log(`\n=== ${name}${isShort ? ", short" : ""}\n`);
  const path = fileURLToPath(new URL(file, root));
  const { exitCode } = Bun.spawnSync([process.execPath, path, ...(isShort ? short : [])], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (exitCode !== 0) process.exit(exitCode ?? 1);
}
