import { describe, expect, test } from "bun:test";
import { openEnvelope, sealFields } from "../cose.ts";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { type CborValue, decodeCbor } from "../encoding/cbor.ts";
import { decodePacket, encodePacket } from "./codec.ts";
import type { PacketType } from "./packet.ts";
import { typicalPackets } from "./samples.ts";

/*
 * The limits of every field again, independent of the code: a limit that changes by mistake is noticed.
 * "0" is the field with index 0 of the payload, which is the type, "1" the version; "11.2" the third field of the record in
 * field 11.
 */

const signer = signerFromSeed(new Uint8Array(32).fill(7));
const NETWORK = "testnet-1";
const UINT32 = [0, 0xffff_ffff] as const;
const TIME = [946_684_800_000, 4_102_444_800_000] as const;
const INT48 = [-(2 ** 47), 2 ** 47] as const;
const LAT = [-900_000_000, 900_000_000] as const;
const LON = [-1_800_000_000, 1_800_000_000] as const;

type Limits = readonly [min: number, max: number] | { bytes: number; least?: number } | { text: number };

const gnss = (at: string): [string, Limits][] => [
  [`${at}.0`, [0, 3]],
  [`${at}.1`, [0, 255]],
  [`${at}.2`, LAT],
  [`${at}.3`, LON],
  [`${at}.4`, [-1000, 20_000]],
  [`${at}.5`, [0, 65_535]],
  [`${at}.6`, [0, 65_535]],
];

const FIELDS: Record<PacketType, [string, Limits][]> = {
  beacon: [
    ["2", UINT32],
    ["3", TIME],
    ["4", UINT32],
    ["5", { bytes: 32 }],
    ["6", [137_000_000, 1_020_000_000]],
    ["7", [5, 12]],
    ["8", [0, 2]],
    ["9", [-40, 40]],
    ["10", UINT32],
    ...gnss("11"),
  ],
  witness: [
    ["2", UINT32],
    ["3", TIME],
    ["4", UINT32],
    ["5", { bytes: 8 }],
    ["6", { bytes: 16 }],
    ["7", [137_000_000, 1_020_000_000]],
    ["8", [5, 12]],
    ["9", [0, 2]],
    ["10", [-200, 50]],
    ["11", [-400, 400]],
    ["12", UINT32],
    ...gnss("13"),
    ["14", [-1_000_000, 1_000_000]],
    ["15", [0, 1]],
    ["16", [0, 999_999_999]],
    ["17", [0, 1]],
    ["18", { bytes: 8, least: 1 }],
    ["19", [0, 255]],
  ],
  status: [
    ["2", UINT32],
    ["3", TIME],
    ["4", [0, 1]],
    ["5", UINT32],
    ["6", { text: 32 }],
    ["7.0", UINT32],
    ["7.1", UINT32],
    ["7.2", UINT32],
    ["7.3", [0, 1000]],
    ["7.4", [-1000, 2000]],
    ["7.5", [0, 255]],
    ["7.6", [0, 255]],
    ...gnss("8"),
    ["9", UINT32],
    ["10", UINT32],
    ["11.0", LAT],
    ["11.1", LON],
    ["11.2", [-500, 9000]],
    ["11.3", [-100, 300]],
    ["11.4", { text: 16 }],
    ["11.5", { bytes: 20 }],
    ["12.0", [-1000, 2000]],
    ["12.1", [0, 1_000_000]],
    ["12.2", [0, 1000]],
    ["12.3", [0, 1]],
    ["13.0.0", { text: 24 }],
    ["13.0.1", UINT32],
    ["14", [0, 1]],
    ["16.0.0", UINT32],
    ["16.1.1", { bytes: 32 }],
  ],
  reading: [
    ["2", UINT32],
    ["3", TIME],
    ["4", { text: 32 }],
    ["5", UINT32],
    ["6.0.0", { text: 32 }],
    ["6.0.1", [-12, 12]],
    ["6.1.2", INT48],
    ["6.1.3", INT48],
    ["6.1.4", INT48],
    ["6.1.5", UINT32],
  ],
};

/** The fields that may be null. */
const NULLABLE: Record<PacketType, string[]> = {
  beacon: ["10", "11", "11.2", "11.3", "11.4", "11.5"],
  witness: ["12", "13", "13.2", "13.3", "13.4", "13.5", "14", "15", "16", "17", "18", "19"],
  status: [
    ...["7", "7.3", "7.4", "7.5", "7.6"],
    ...["8", "8.2", "8.3", "8.4", "8.5"],
    ...["11", "11.5"],
    ...["12", "12.0", "12.1", "12.2", "12.3"],
    ...["13", "14", "16"],
  ],
  reading: [],
};

/** Place of a status packet's formats. */
const FORMATS = 15;

type Tree = CborValue[];

function fieldsOf(type: PacketType): Tree {
  const opened = openEnvelope(encodePacket(typicalPackets[type], signer, NETWORK));
  const decoded = opened.ok ? decodeCbor(opened.envelope.payload) : opened;
  if (!decoded.ok) throw new Error(decoded.code);
  return decoded.value as Tree;
}

function withField(tree: Tree, path: string, change: (parent: Tree, index: number) => void): Tree {
  const copy = structuredClone(tree);
  const indexes = path.split(".").map(Number);
  const last = indexes.pop() as number;
  const parent = indexes.reduce<Tree>((node, index) => node[index] as Tree, copy);
  change(parent, last);
  return copy;
}

const decode = (tree: Tree) => decodePacket(sealFields(tree, signer, NETWORK));
const codeOf = (tree: Tree): string => {
  const result = decode(tree);
  return result.ok ? "ok" : result.code;
};
const packetOf = (tree: Tree) => {
  const result = decode(tree);
  return result.ok ? result.decoded.packet : result.code;
};

function valuesAround(limits: Limits): { allowed: CborValue[]; beyond: CborValue[]; wrongType: CborValue[] } {
  const notText: CborValue[] = [7, new Uint8Array(4), []];
  if ("text" in limits) {
    const allowed = ["", "a".repeat(limits.text), "水".repeat(Math.floor(limits.text / 3))];
    const beyond = [
      "a".repeat(limits.text + 1),
      "水".repeat(Math.floor(limits.text / 3) + 1),
      "\n",
      "\u0080",
    ];
    return { allowed, beyond, wrongType: notText };
  }
  if ("bytes" in limits) {
    const { bytes, least = bytes } = limits;
    const ofLength = (length: number) => new Uint8Array(length);
    const allowed = least === bytes ? [] : [ofLength(least), ofLength(bytes)];
    return {
      allowed,
      beyond: [least - 1, bytes + 1, 0].map(ofLength),
      wrongType: ["a".repeat(bytes), 7, []],
    };
  }
  const [min, max] = limits;
  const beyond = [min - 1, max + 1, 2n ** 64n - 1n, -(2n ** 63n)];
  return { allowed: [min, max], beyond, wrongType: ["7", new Uint8Array(1), [7]] };
}

const TYPES = Object.keys(FIELDS) as PacketType[];

describe.each(TYPES)("%s", (type) => {
  const tree = fieldsOf(type);
  const set = (path: string, value: CborValue) =>
    codeOf(
      withField(tree, path, (parent, index) => {
        parent[index] = value;
      }),
    );

  test.each(FIELDS[type])("field %s keeps to %p", (path, limits) => {
    const { allowed, beyond, wrongType } = valuesAround(limits);
    expect(allowed.map((value) => set(path, value))).toEqual(allowed.map(() => "ok"));
    expect(beyond.map((value) => set(path, value))).toEqual(beyond.map(() => "out_of_range"));
    expect(wrongType.map((value) => set(path, value))).toEqual(wrongType.map(() => "wrong_type"));
  });

  test("null stands exactly where it is allowed", () => {
    const records = FIELDS[type].map(([path]) => path.split(".")[0] as string);
    const paths = [...new Set([...records, ...FIELDS[type].map(([path]) => path)])];
    expect(paths.filter((path) => set(path, null) === "ok").sort()).toEqual(NULLABLE[type].toSorted());
    for (const path of paths) expect(["ok", "wrong_type"]).toContain(set(path, null));
  });

  test("the table covers every field of the packet", () => {
    const leaves = (node: CborValue, path: string): string[] =>
      Array.isArray(node)
        ? node.flatMap((child, i) => leaves(child, path ? `${path}.${i}` : `${i}`))
        : [path];
    // In a list of equal records it is enough to test each field once.
    const named = (path: string) => {
      if (type === "reading") return path.replace(/^6\.\d\./, "6.");
      return type === "status" ? path.replace(/^16\.\d\./, "16.") : path;
    };
    const formats = type === "status" ? tree[FORMATS] : [];
    const covered = new Set(["0", "1", ...FIELDS[type].map(([path]) => named(path))]);
    if (Array.isArray(formats)) for (const i of formats.keys()) covered.add(`${FORMATS}.${i}`);
    expect(new Set(leaves(tree, "").map(named))).toEqual(covered);
  });

  test("the version is a whole number from 1, whatever the reader knows", () => {
    expect([1, 2, 0xffff_ffff].map((version) => set("1", version))).toEqual(["ok", "ok", "ok"]);
    expect([0, -1, 2 ** 32].map((version) => set("1", version))).toEqual(new Array(3).fill("out_of_range"));
    expect([null, "1", []].map((version) => set("1", version))).toEqual(new Array(3).fill("wrong_type"));
  });

  test("a field missing, anywhere, is a wrong type; what follows those that are known is ignored", () => {
    const known = packetOf(tree);
    const parents = new Set(FIELDS[type].map(([path]) => path.replace(/\d+$/, "")));
    for (const parent of parents) {
      const missing = withField(tree, `${parent}0`, (fields) => fields.pop());
      expect(codeOf(missing)).toBe("wrong_type");
      for (const appended of [0, null, "new", [1, [2]], new Map([["new", 1]]), new Uint8Array(8)]) {
        const extra = withField(tree, `${parent}0`, (fields) => fields.push(appended, appended));
        expect(packetOf(extra)).toEqual(known);
      }
    }
  });
});

test("a status has one to sixteen losses, or null", () => {
  const fields = fieldsOf("status");
  const losses = (length: number) => codeOf(fields.with(13, new Array(length).fill(["a", 1])));
  expect([0, 1, 16, 17].map(losses)).toEqual(["out_of_range", "ok", "ok", "out_of_range"]);
});

test("a status says of at most 48 types which version it knows, or null", () => {
  const formats = (value: CborValue) => codeOf(fieldsOf("status").with(FORMATS, value));
  expect([null, [], [0, 255], new Array(48).fill(1)].map(formats)).toEqual(new Array(4).fill("ok"));
  expect([[256], [-1], new Array(49).fill(1)].map(formats)).toEqual(new Array(3).fill("out_of_range"));
  expect([["1"], [null], 1, new Uint8Array(4)].map(formats)).toEqual(new Array(4).fill("wrong_type"));
});

test("a status commits to one or two chains, or to none", () => {
  const chains = (length: number) =>
    codeOf(fieldsOf("status").with(16, new Array(length).fill([1, new Uint8Array(32)])));
  expect([0, 1, 2, 3].map(chains)).toEqual(["out_of_range", "ok", "ok", "out_of_range"]);
});

test("a reading has at most sixteen quantities", () => {
  const tree = fieldsOf("reading");
  const quantity = ["a", 0, 0, 0, 0, 1];
  expect(codeOf([...tree.slice(0, 6), new Array(16).fill(quantity)])).toBe("ok");
  expect(codeOf([...tree.slice(0, 6), new Array(17).fill(quantity)])).toBe("out_of_range");
});
