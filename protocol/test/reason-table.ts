import { readFileSync, writeFileSync } from "node:fs";
import { signerFromSeed } from "../src/crypto/ed25519.ts";
import {
  ASSERTION_REASONS,
  BEFORE_JUDGING_REASONS,
  explainVerdict,
  OUTCOME_REASONS,
} from "../src/judging/reasons.ts";
import { makeLoginToken } from "../src/network/login-token.ts";
import { encodePacket } from "../src/packet/codec.ts";
import type { PacketType } from "../src/packet/packet.ts";
import { longestPackets, typicalPackets } from "../src/packet/samples.ts";
import { earshot1 } from "../src/rules/rule-sets.ts";
import { messages } from "./sample-messages.ts";

/*
 * What the README says of reasons and sizes, made from the code: `bun run docs` writes it, and `readme.test.ts` checks that it
 * stands there.
 */

/** Numbers as a verdict might carry them, so that the sentences read as a technician reads them. */
const EXAMPLE = {
  lateMs: 4200,
  sequence: 812,
  firstSequence: 811,
  untilEpoch: 20_640,
  version: 1,
  neededVersion: 2,
  remainingMs: 80_000_000,
  aheadMs: 7300,
  passedMs: 412_000,
  strayedMs: -61_200,
  toleranceMs: 5021,
  satellites: 3,
  minSatellites: 4,
  errorDm: 1840,
  maxErrorM: 100,
  offM: 870,
  allowedM: 212,
  entropyIndex: 29_671_954,
  scheduledIndex: 29_671_960,
  firstIndex: 29_671_950,
  window: 82_422,
  earlyMs: 31_000,
  afterEntropyMs: 190_000,
  freqHz: 868_100_000,
  derivedFreqHz: 867_300_000,
  spreadingFactor: 9,
  bandwidthHz: 125_000,
  derivedSpreadingFactor: 10,
  derivedBandwidthHz: 125_000,
  sentSpreadingFactor: 10,
  sentBandwidthHz: 125_000,
  eirpDdbm: 171,
  maxEirpDdbm: 160,
  apartMs: 31_000,
  allowedMs: 8000,
  offsetHz: 200_000,
  distanceM: 120,
  minDistanceM: 300,
  maxDistanceM: 100_000,
  rssiDbm: -40,
  signalDdbm: -410,
  boundDdbm: -684,
  snrDdb: -205,
  maxSnrDdb: 200,
  floorDdb: -125,
  sensitivityDdbm: -1355,
  aboveThermalDdb: 712,
  valid: 20,
  sinceMs: 183_600_000,
  ageMs: 10_500_000,
  newestSequence: 811,
  fromEpoch: 20_640,
  chain: 643,
  currentChain: 643,
};
/** Where the same name has a number of another size. */
const EXCEPTIONS: Record<string, Partial<typeof EXAMPLE>> = {
  assertion_old: { allowedMs: 3_600_000 },
  assertion_ahead: { allowedMs: 2000 },
  assertion_superseded: { sequence: 702 },
  commitment_chain: { chain: 641 },
  not_witnessing: { allowedMs: 172_800_000 },
  not_heard_lately: { allowedMs: 172_800_000 },
  too_far: { distanceM: 104_000 },
  rssi_above_free_space: { distanceM: 508, rssiDbm: -41, snrDdb: 90, signalDdbm: -415, boundDdbm: -570 },
  snr_too_high: { snrDdb: 310 },
  rssi_below_sensitivity: { rssiDbm: -152 },
  noise_too_low: { rssiDbm: -138, snrDdb: 40, aboveThermalDdb: -190 },
  noise_too_high: { rssiDbm: -44, snrDdb: -20, aboveThermalDdb: 769 },
};

function rows(group: string, reasons: readonly string[], type?: "beacon" | "witness"): string[] {
  return reasons.map((reason, i) => {
    const numbers = Object.entries({ ...EXAMPLE, ...EXCEPTIONS[reason] });
    const measurements = numbers.map(([name, value]) => ({ name, value }));
    const sentence = explainVerdict({ ...(type && { type }), reason, measurements });
    return `| ${group} ${i + 1} | \`${reason}\` | ${sentence} |`;
  });
}

/** All reasons in the order in which the rules are asked. */
export const reasonTable = (): string =>
  [
    "| when | reason | what a technician reads, with numbers for example |",
    "| --- | --- | --- |",
    ...rows("before", BEFORE_JUDGING_REASONS),
    ...rows("report", earshot1.order.report),
    ...rows("beacon", earshot1.order.beacon, "beacon"),
    ...rows("witness", earshot1.order.witness, "witness"),
    ...rows("outcome", OUTCOME_REASONS),
    ...rows("assertion", ASSERTION_REASONS),
  ].join("\n");

/** Bytes of each type, envelope included, measured. */
export function sizeTable(): string {
  const signer = signerFromSeed(new Uint8Array(32).fill(7));
  const sizeOf = (packet: Parameters<typeof encodePacket>[0]) => encodePacket(packet, signer, "demo").length;
  const longest = (type: PacketType) => (type === "reading" ? 1024 : sizeOf(longestPackets[type]));
  const packets = Object.values(typicalPackets).map(
    (packet) => `| ${packet.type} | ${sizeOf(packet)} | ${longest(packet.type)} |`,
  );
  const token = makeLoginToken(signer, "demo", 1_780_531_260_000);
  return [
    "| packet | typical | longest |",
    "| --- | ---: | ---: |",
    ...packets,
    `| entropy | ${messages.entropy.bytes.length} | |`,
    `| login token, as base64url | ${token.length} | |`,
  ].join("\n");
}

if (import.meta.main) {
  const path = new URL("../README.md", import.meta.url);
  let readme = readFileSync(path, "utf8");
  for (const table of [sizeTable(), reasonTable()]) {
    const [header = ""] = table.split("\n");
    const from = readme.indexOf(header);
    if (from < 0) throw new Error(`The README has no table that begins with "${header}"`);
    readme = `${readme.slice(0, from)}${table}\n${readme.slice(readme.indexOf("\n\n", from) + 1)}`;
  }
  writeFileSync(path, readme);
}
