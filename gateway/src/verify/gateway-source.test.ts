import { describe, expect, test } from "bun:test";
import { sha256 } from "@earshot/protocol";
import { type Bundle, MANIFEST_FILE } from "../bundle/bundle.ts";
import { manifestOf, signedAgain, testBundles } from "../testing/test-bundle.ts";
import { assertions, startTestGateway } from "../testing/test-gateway.ts";
import { epochPackets, FIRST_EPOCH, idOf } from "../testing/test-network.ts";
import type { Fetch } from "./download.ts";
import { gatewayAddress, gatewaySources } from "./gateway-source.ts";
import { runVerifyEpoch } from "./verify-command.ts";

const bundles = await testBundles(3);
const epochs = bundles.map((_, i) => FIRST_EPOCH + i);

/** The part of the API that bundles come from. */
function fakeGateway(changes: Record<string, Response | undefined> = {}): Fetch & { asked: string[] } {
  const asked: string[] = [];
  const answer = async (url: URL): Promise<Response> => {
    const path = url.pathname + url.search;
    asked.push(path);
    return (path in changes ? changes[path] : routes(url))?.clone() ?? new Response("", { status: 404 });
  };
  return Object.assign(answer, { asked });
}

function routes(url: URL): Response | undefined {
  const [, epoch, file] = /^\/api\/v1\/epochs\/(\d+)\/bundle\/(.+)$/.exec(url.pathname) ?? [];
  if (epoch === undefined) return page(Number(url.searchParams.get("after") ?? Number.POSITIVE_INFINITY));
  const bytes = bundles[Number(epoch) - FIRST_EPOCH]?.[file as keyof Bundle];
  return bytes && new Response(new Uint8Array(bytes));
}

/** One epoch per page. */
function page(after: number): Response {
  const epoch = epochs.findLast((each) => each < after);
  const bundle = bundles[(epoch ?? 0) - FIRST_EPOCH];
  if (epoch === undefined || bundle === undefined) return Response.json({ epochs: [], next: null });
  const manifestHash = sha256(bundle[MANIFEST_FILE]).toHex();
  return Response.json({ epochs: [{ epoch, manifestHash }], next: String(epoch) });
}

async function run(fetch: Fetch, ...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const io = { out: (text: string) => out.push(text), err: (text: string) => err.push(text), fetch };
  const status = await runVerifyEpoch(args, { ...io, isTerminal: false });
  return { status, out: out.join(""), err: err.join("") };
}

const ROOT = "http://gateway.test:8080";
const api = (path: string) => `/api/v1/epochs${path}`;
const bundlePath = (epoch: number, file: string) => api(`/${epoch}/bundle/${file}`);
const of = (bytes: Uint8Array) => new Response(new Uint8Array(bytes));

test.each([
  ["http://h:1", "http://h:1/", undefined],
  ["https://h/", "https://h/", undefined],
  ["https://h/api/v1/epochs", "https://h/", undefined],
  ["https://h/api/v1/epochs/", "https://h/", undefined],
  ["https://h/api/v1/epochs/12", "https://h/", 12],
  ["https://h/api/v1/epochs/12/bundle", "https://h/", 12],
  ["https://h/proxy/earshot/api/v1/epochs/12", "https://h/proxy/earshot/", 12],
])("%s is epoch of gateway", (text, base, epoch) => {
  const address = gatewayAddress(text);
  expect([address?.base.href, address?.epoch]).toEqual([base, epoch]);
});

test("what is no address is a path", () => {
  for (const text of ["epochs", "/tmp/http://x", "ftp://h/", "http://"]) {
    expect(gatewayAddress(text)).toBeUndefined();
  }
});

describe("a gateway's bundles", () => {
  test("are verified in order, page by page, each after the one before", async () => {
    const { status, out } = await run(fakeGateway(), ROOT);
    expect(status).toBe(0);
    expect([...out.matchAll(/^HOLDS {2}Epoch (\d+)/gm)].map(([, epoch]) => Number(epoch))).toEqual(epochs);
    expect(out).toContain("3 epochs hold, chained to each other.");
  });

  test("are those of the epochs that are asked for", async () => {
    const [first = 0, second = 0, third = 0] = epochs;
    const fetch = fakeGateway();
    const span = await run(fetch, ROOT, "--epochs", `${first}-${second}`);
    expect([...span.out.matchAll(/Epoch (\d+)/g)].map(([, epoch]) => Number(epoch))).toEqual([first, second]);
    expect(fetch.asked[0]).toEndWith(`&after=${third}`);
    const one = await run(fakeGateway(), `${ROOT}${api(`/${second}`)}`);
    expect([...one.out.matchAll(/Epoch (\d+)/g)].map(([, epoch]) => Number(epoch))).toEqual([second]);
    const none = await run(fakeGateway(), ROOT, "--epochs", "1-5");
    expect([none.status, none.err]).toEqual([2, expect.stringContaining("no epoch bundle of epochs 1 to 5")]);
  });

  test("that cannot be had are named, and the rest is not verified", async () => {
    const [first = 0] = epochs;
    const away = { status: 302, headers: { location: "http://elsewhere.test/" } };
    const cases: [Record<string, Response | undefined>, string][] = [
      [{ [bundlePath(first, MANIFEST_FILE)]: undefined }, "HTTP status 404"],
      [{ [bundlePath(first, "tree.json")]: undefined }, "HTTP status 404"],
      [{ [bundlePath(first, "tree.json")]: new Response("", away) }, "HTTP status 302"],
    ];
    for (const [changes, problem] of cases) {
      const { status, out } = await run(fakeGateway(changes), ROOT);
      expect([status, out]).toEqual([1, expect.stringContaining(problem)]);
      expect(out.match(/^(HOLDS|DIFFERS)/gm)).toEqual(["DIFFERS"]);
    }
  });

  test("are fetched manifest first, and no further than to the first that is wrong", async () => {
    const [bundle] = bundles as [Bundle];
    const [first = 0] = epochs;
    const flipped = Uint8Array.from(bundle["denials.cbor"].length > 0 ? bundle["denials.cbor"] : [1]);
    const longer = new Uint8Array([...bundle["entropy.cbor"], 0]);
    const same = Uint8Array.from(bundle["entropy.cbor"]).fill(7);
    const cases: [file: keyof Bundle, bytes: Uint8Array, problem: RegExp][] = [
      ["denials.cbor", flipped, /more than 0 bytes|1 bytes instead of 0/],
      ["entropy.cbor", longer, /instead of|more than \d+ bytes/],
      ["entropy.cbor", longer.subarray(2), /bytes instead of|ended after/],
      ["entropy.cbor", same, /where +SHA-256/],
      ["parameters.json", new Uint8Array(70_000).fill(32), /more than 65536 bytes/],
      [MANIFEST_FILE, new Uint8Array(70_000), /more than 65536 bytes/],
      [MANIFEST_FILE, bundle[MANIFEST_FILE].subarray(1), /as the epoch is listed/],
    ];
    for (const [file, bytes, problem] of cases) {
      const fetch = fakeGateway({ [bundlePath(first, file)]: of(bytes) });
      const { status, out } = await run(fetch, ROOT, "--epochs", String(first));
      expect([status, out]).toEqual([1, expect.stringMatching(problem)]);
      const files = fetch.asked
        .filter((path) => path.includes("/bundle"))
        .map((path) => path.split("/").at(-1));
      const head = [MANIFEST_FILE, "parameters.json", "keys.cbor"];
      const order = [...head, "changes.cbor", "contacts.json", "denials.cbor", "entropy.cbor"];
      expect(files).toEqual(order.slice(0, order.indexOf(file) + 1));
    }
  });

  test("are not fetched when another key signed the manifest, or its sizes cannot be held", async () => {
    const [first = 0] = epochs;
    const [bundle] = bundles as [Bundle];
    const fetch = fakeGateway();
    const { out } = await run(fetch, ROOT, "--key", idOf("a"));
    expect(out).toMatch(/where +signature/);
    expect(fetch.asked.filter((path) => path.includes("/bundle"))).toHaveLength(3);
    const { files } = manifestOf(bundle);
    const huge = files.map((file) => (file.name === "tree.json" ? { ...file, bytes: 0xffff_ffff } : file));
    const lying = signedAgain(bundle, {}, { files: huge })[MANIFEST_FILE];
    const manifestHash = sha256(lying).toHex();
    const listed = Response.json({ epochs: [{ epoch: first, manifestHash }], next: null });
    const changes = { [bundlePath(first, MANIFEST_FILE)]: of(lying), [`${api("")}?limit=200`]: listed };
    const large = await run(fakeGateway(changes), ROOT);
    expect(large.out).toMatch(/where +files, bytes\n +expected +at most 2147483648/);
  });

  test("are those that are listed: by hash, and by epoch", async () => {
    const [first = 0, second = 0] = epochs;
    const list = (epoch: number, manifestHash: string) => ({
      [`${api("")}?limit=200`]: Response.json({ epochs: [{ epoch, manifestHash }], next: null }),
    });
    const hash = await run(fakeGateway(list(first, "0".repeat(64))), ROOT);
    expect([hash.status, hash.out]).toEqual([1, expect.stringContaining("as the epoch is listed")]);
    const [bundle] = bundles as [Bundle];
    const swapped = fakeGateway({
      ...list(second, sha256(bundle[MANIFEST_FILE]).toHex()),
      [bundlePath(second, MANIFEST_FILE)]: of(bundle[MANIFEST_FILE]),
    });
    const other = await run(swapped, ROOT);
    expect(other.out).toMatch(new RegExp(`where +epoch\\n +expected +${second}, as the epoch is listed`));
  });

  test("that no gateway lists are told", async () => {
    const answers: [Response | undefined, string][] = [
      [undefined, "HTTP status 404"],
      [new Response("<html>"), "Not an answer of a gateway"],
      [Response.json({ epochs: [{ epoch: -1 }] }), "Not an answer of a gateway"],
    ];
    for (const [answer, problem] of answers) {
      const { status, err } = await run(fakeGateway({ [`${api("")}?limit=200`]: answer }), ROOT);
      expect([status, err]).toEqual([1, expect.stringContaining(problem)]);
    }
    const refused: Fetch = () => Promise.reject(new Error("connection refused"));
    expect((await run(refused, ROOT)).err).toContain("connection refused");
  });

  test("of a gateway that lists for ever are not waited for", async () => {
    const epoch = FIRST_EPOCH;
    const same: Fetch = async () =>
      Response.json({ epochs: [{ epoch, manifestHash: "0".repeat(64) }], next: String(epoch) });
    const found = await gatewaySources({ base: new URL(ROOT) }, { pins: {}, transport: { fetch: same } });
    expect(found).toEqual({ ok: false, problem: expect.stringContaining("not listed newest first") });
    let asked = 0;
    const counting: Fetch = async (url) => {
      asked++;
      const after = Number(url.searchParams.get("after") ?? 2_000_000);
      const listed = Array.from({ length: 200 }, (_, i) => after - 1 - i);
      const manifestHash = "0".repeat(64);
      return Response.json({
        epochs: listed.map((each) => ({ epoch: each, manifestHash })),
        next: String(listed.at(-1)),
      });
    };
    const { status, err } = await run(counting, ROOT);
    expect([status, err]).toEqual([1, expect.stringContaining("More than 100000 epochs are listed")]);
    expect(asked).toBe(501);
  });

  test("of a page with more entries than were asked for, or one that would steer a terminal, are not taken", async () => {
    const row = { epoch: 5, manifestHash: "0".repeat(64) };
    const crowded = Array.from({ length: 201 }, (_, i) => ({ ...row, epoch: 1000 - i }));
    const cases: unknown[] = [
      { epochs: crowded, next: null },
      { epochs: [], next: "\u001b[2J" },
    ];
    for (const answer of cases) {
      const fetch = fakeGateway({ [`${api("")}?limit=200`]: Response.json(answer) });
      const { status, err } = await run(fetch, ROOT);
      expect([status, err]).toEqual([1, expect.stringContaining("Not an answer of a gateway")]);
      expect(err).not.toContain("\u001b");
    }
  });
});

test("a real gateway's API is what this reads", async () => {
  const startMs = FIRST_EPOCH * 8000;
  await using run_ = await startTestGateway(startMs + 10);
  await run_.play([...assertions(startMs + 20), ...epochPackets(FIRST_EPOCH)], startMs + 3 * 8000);
  const fetch: Fetch = async (url, init) => run_.gateway.app.request(url.href, init);
  const { status, out } = await run(fetch, ROOT);
  expect([status, out]).toEqual([0, expect.stringContaining(`HOLDS  Epoch ${FIRST_EPOCH}`)]);
});
