import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { hotspotId } from "../src/crypto/did-key.ts";
import { type Signer, signerFromSeed } from "../src/crypto/ed25519.ts";
import { sha256 } from "../src/crypto/sha256.ts";
import { utf8 } from "../src/encoding/bytes.ts";
import { openKeyChange, sealRevocation, sealRotation } from "../src/network/key-change.ts";
import { makeLoginToken } from "../src/network/login-token.ts";
import { readEvidence, registrationMessage } from "../src/network/registration.ts";
import { encodePacket } from "../src/packet/codec.ts";
import type { Assertion, Packet } from "../src/packet/packet.ts";
import { longestPackets, typicalPackets } from "../src/packet/samples.ts";
import { DEFAULT_PARAMETERS } from "../src/parameters/parameters.ts";
import { formatParameters, parametersHash } from "../src/parameters/parameters-document.ts";
import { changedHotspot, type Hotspot, retiredHotspot, succeedingHotspot } from "../src/registry/registry.ts";
import { atMs, messages, NETWORK, signer } from "./sample-messages.ts";

/*
 * Golden files: what the code signed when a format was released, and what it means, in `golden/<format>/`. The newest
 * format is a candidate until then, and written anew by `bun run golden` whenever it changes; a released one never is.
 * The bundles of a format are written and checked by `gateway/test/golden-bundles.ts`.
 */

export const GOLDEN = join(import.meta.dirname, "golden");

/** What stands in a format's `golden.json`. */
export interface GoldenNote {
  /** Then its files never change any more. */
  released: boolean;
  network: string;
  /** The key that signs for the network, 0x hex. */
  networkKey: string;
}

export const goldenNote = (format: string, root = GOLDEN): GoldenNote =>
  JSON.parse(readFileSync(join(root, format, "golden.json"), "utf8"));

/** Formats that have golden files, ascending. */
export const goldenFormats = (): string[] => readdirSync(GOLDEN).sort((a, b) => Number(a) - Number(b));

/** Bytes as 0x hex, large numbers as decimal text, in objects and lists as they are. */
export function shown(value: unknown): unknown {
  if (value instanceof Uint8Array) return `0x${value.toHex()}`;
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shown(inner)]));
}

const json = (value: unknown): Uint8Array => utf8(`${JSON.stringify(value, null, 1)}\n`);

/** Every file of the format as the code is now, but for bundles, by its path. */
export function goldenFiles(): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const note: GoldenNote = { released: false, network: NETWORK, networkKey: `0x${signer.publicKey.toHex()}` };
  files.set("golden.json", json(note));
  for (const [name, samples] of [
    ["typical", typicalPackets],
    ["longest", longestPackets],
  ] as const) {
    for (const packet of Object.values(samples)) addPacket(files, `packets/${packet.type}-${name}`, packet);
  }
  for (const [name, { codec, bytes }] of Object.entries(messages)) {
    const opened = codec.open(bytes, NETWORK, signer.publicKey);
    if (!opened.ok) throw new TypeError(`${name}: ${opened.code}`);
    files.set(`messages/${name}.cbor`, bytes);
    files.set(`messages/${name}.json`, json(shown(opened.value)));
  }
  files.set("login-token.json", json({ atMs, token: makeLoginToken(signer, NETWORK, atMs) }));
  const parameters = { ...DEFAULT_PARAMETERS, network: NETWORK };
  const hash = parametersHash(parameters).toHex();
  files.set("parameters.json", json({ hash, parameters: formatParameters(parameters) }));
  files.set("registry.json", json(registryHistory()));
  return files;
}

function addPacket(files: Map<string, Uint8Array>, path: string, packet: Packet): void {
  const bytes = encodePacket(packet, signer, NETWORK);
  files.set(`${path}.cbor`, bytes);
  files.set(`${path}.json`, json({ id: sha256(bytes).toHex(), packet: shown(packet) }));
}

/** One change of a hotspot, and what the hotspot is after it. */
export interface GoldenChange {
  atMs: number;
  fromEpoch: number;
  /** 0x hex. */
  evidence: string;
  hotspot: Record<string, unknown>;
  /** The hotspot that goes on in its place, which the next changes are about. */
  successor?: Record<string, unknown>;
}

/**
 * Registered by the operator; then its owner names a payee, moves it by 4 km, corrects that, changes the payee, gives the
 * hotspot another key, and revokes that one.
 */
function registryHistory(): GoldenChange[] {
  const [owner, next] = ["golden hotspot", "golden successor"].map((name) =>
    signerFromSeed(sha256(utf8(name))),
  ) as [Signer, Signer];
  const first: Assertion = {
    ...{ latE7: 535_511_000, lonE7: 99_937_000, elevationM: 24, antennaGainDdbi: 58 },
    ...{ region: "EU868", payee: null },
  };
  const payee = (fill: number) => new Uint8Array(20).fill(fill);
  const moves: Assertion[] = [
    { ...first, payee: payee(0x33) },
    { ...first, payee: payee(0x33), latE7: first.latE7 + 360_000 },
    { ...first, payee: payee(0x33), latE7: first.latE7 + 360_100, elevationM: 31 },
    { ...first, payee: payee(0x44), latE7: first.latE7 + 360_100, elevationM: 31 },
  ];
  const hoursLater = (hours: number) => atMs + hours * 3_600_000;
  const evidence = [
    registrationMessage.seal({ publicKey: owner.publicKey, atMs, ...first }, signer, NETWORK),
    ...moves.map((assertion, i) => {
      const numbers = { sequence: 10 + i, atMs: hoursLater(i + 1) };
      return encodePacket({ ...typicalPackets.status, ...numbers, assertion }, owner, NETWORK);
    }),
    sealRotation(owner, next, NETWORK, hoursLater(5)),
    sealRevocation(next, NETWORK, hoursLater(6)),
  ];
  let hotspot: Hotspot | undefined;
  return evidence.map((bytes, i) => {
    const change = { atMs: hoursLater(i) + 1000, fromEpoch: 20_600 + i, evidence: bytes };
    const after = afterChange(hotspot, change, signer.publicKey);
    hotspot = after.successor ?? after.hotspot;
    return {
      ...change,
      evidence: `0x${bytes.toHex()}`,
      hotspot: shownHotspot(after.hotspot),
      ...(after.successor && { successor: shownHotspot(after.successor) }),
    };
  });
}

/** @throws {TypeError} if the evidence cannot be read */
export function afterChange(
  before: Hotspot | undefined,
  change: Hotspot["change"],
  networkKey: Uint8Array,
): { hotspot: Hotspot; successor?: Hotspot } {
  const replaced = openKeyChange(change.evidence, NETWORK);
  if (replaced.ok && before !== undefined) {
    const { newKey } = replaced.change;
    const hotspot = retiredHotspot(before, change, newKey);
    return { hotspot, ...(newKey && { successor: succeedingHotspot(before, change, newKey) }) };
  }
  const evidence = readEvidence(change.evidence, NETWORK, networkKey);
  const hotspot = evidence && changedHotspot(before, change, evidence);
  if (hotspot === undefined) throw new TypeError(`Evidence of epoch ${change.fromEpoch} cannot be read`);
  return { hotspot };
}

export const shownHotspot = ({ change: _, ...hotspot }: Hotspot): Record<string, unknown> =>
  shown({ ...hotspot, id: hotspotId(hotspot.publicKey) }) as Record<string, unknown>;

/**
 * Writes a candidate's files anew.
 * @throws {RangeError} if the format is released
 */
export function writeGolden(format: string, root = GOLDEN): string {
  const folder = join(root, format);
  if (existsSync(join(folder, "golden.json")) && goldenNote(format, root).released) {
    const next = Number(format) + 1;
    throw new RangeError(
      `Format ${format} is released: its golden files never change. A new one is \`bun run golden ${next}\``,
    );
  }
  for (const name of ["packets", "messages"]) rmSync(join(folder, name), { recursive: true, force: true });
  const files = goldenFiles();
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), bytes);
  }
  return `Format ${format}, a candidate: ${files.size} golden files`;
}

if (import.meta.main) {
  const [format = goldenFormats().at(-1) ?? "1"] = process.argv.slice(2);
  try {
    console.log(writeGolden(format));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}
