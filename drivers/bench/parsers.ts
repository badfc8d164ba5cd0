/**
 * How fast each parser is, and what part of one core it takes at its device's real rate: `bun run bench parsers`.
 * `bun drivers/bench/parsers.ts [MB for each run] [runs]`.
 *
 * The share is a ratio of two measured numbers: bytes a second of the device ÷ bytes for each second of processor time.
 */
import { gnssCases } from "./gnss-cases.ts";
import { loraCases } from "./lora-cases.ts";
import { byteCount, type ParserCase } from "./parser-case.ts";
import { sensorCases } from "./sensor-cases.ts";

const [megabytes = 8, runs = 5] = process.argv.slice(2).map(Number);
if (!(megabytes > 0) || !(runs >= 1)) {
  console.error("Usage: bun drivers/bench/parsers.ts [MB for each run] [runs]; both are positive numbers");
  process.exit(2);
}

/** Bytes parsed for each second of processor time. */
function measure({ family, chunks, start }: ParserCase, bytes: number): number {
  const passes = Math.ceil(bytes / byteCount(chunks));
  let made = 0;
  const before = process.cpuUsage();
  for (let pass = 0; pass < passes; pass += 1) {
    const parse = start();
    for (const chunk of chunks) made += parse(chunk);
  }
  const { user, system } = process.cpuUsage(before);
  if (made < passes) throw new Error(`${family}: nothing was made of its bytes`);
  return (passes * byteCount(chunks)) / ((user + system) / 1e6);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function row(one: ParserCase): { cells: string[]; share: number } {
  // The first run only warms up.
  measure(one, megabytes * 0.5e6);
  const speed = median(Array.from({ length: runs }, () => measure(one, megabytes * 1e6)));
  const share = one.bytesPerSecond / speed;
  const cells = [
    one.family,
    one.source,
    (speed / 1e6).toPrecision(3),
    `${Math.round(one.bytesPerSecond)} B/s`,
    `${(share * 100).toPrecision(2)} %`,
  ];
  return { cells, share };
}

function print(cells: readonly string[]): void {
  const [family = "", source = "", ...numbers] = cells;
  console.log(
    [family.padEnd(16), source.padEnd(10), ...numbers.map((cell) => cell.padStart(12))].join(" ").trimEnd(),
  );
}

const cases = [...loraCases(), ...gnssCases(), ...sensorCases()];
if (!cases.some(({ source }) => source === "recording")) {
  console.log(
    "The recordings in ../shared/data are absent: families that are measured on them are left out.\n",
  );
}
console.log(
  `Median of ${runs} runs of ${megabytes} MB each; share: of one core, at the device's real rate\n`,
);
print(["family", "bytes", "MB/s", "device", "share"]);
let total = 0;
for (const one of cases) {
  const { cells, share } = row(one);
  print(cells);
  total += share;
}
print(["all together", "", "", "", `${(total * 100).toPrecision(2)} %`]);
