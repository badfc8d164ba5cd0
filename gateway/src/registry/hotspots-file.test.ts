import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hotspotId, signerFromSeed } from "@earshot/protocol";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { readHotspotsFile } from "./hotspots-file.ts";

const folder = mkdtempSync(join(tmpdir(), "earshot-hotspots-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { publicKey } = signerFromSeed(new Uint8Array(32).fill(9));
const entry = {
  id: hotspotId(publicKey),
  latE7: 473_667_000,
  lonE7: 85_500_000,
  antennaGainDdbi: 30,
  region: "EU868",
};

function fileWith(content: unknown): string {
  const path = join(folder, "hotspots.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

test("listed hotspots are read with their defaults", () => {
  const { id: _, ...stands } = entry;
  expect(readHotspotsFile(fileWith([entry]))).toEqual([{ ...stands, publicKey, elevationM: 0, payee: null }]);
});

const cases: [string, unknown, string][] = [
  ["not JSON", "[", "hotspots.json"],
  ["not a list", entry, "it is a table; allowed is a list of hotspots"],
  ["an id that is none", [{ ...entry, id: "z6Mk" }], '0.id is "z6Mk"; allowed is a hotspot id'],
  [
    "a latitude beyond the pole",
    [{ ...entry, latE7: 900_000_001 }],
    "0.latE7 is 900000001; allowed is a whole number from",
  ],
  ["an unknown region", [entry, { ...entry, region: "EU866" }], '1.region is "EU866"; allowed is a region'],
  ["a payee with a wrong checksum", [{ ...entry, payee: `0xA${"b".repeat(39)}` }], "0.payee"],
  ["an unknown key", [{ ...entry, gain: 3 }], "0.gain is not a key; allowed are id, "],
];
test.each(cases)("%s is refused, naming where", (_what, content, words) => {
  const reading = () => readHotspotsFile(fileWith(content));
  expect(reading).toThrow(ConfigError);
  expect(reading).toThrow(words);
});

test("a file that is missing is named", () => {
  expect(() => readHotspotsFile(join(folder, "none.json"))).toThrow("none.json");
});
