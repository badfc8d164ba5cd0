import { describe, expect, test } from "bun:test";
import { sha256 } from "@earshot/protocol";
import { type Bundle, bundleName, MANIFEST_FILE } from "../epochs/bundle.ts";
import { testBundles } from "../epochs/test-bundle.ts";
import { epochPackets, FIRST_EPOCH } from "../epochs/test-network.ts";
import { assertions, startTestGateway } from "../test-gateway.ts";
import { download, type Fetch } from "./download.ts";
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
  const [, epoch, file] = /^\/api\/v1\/epochs\/(\d+)\/bundle(?:\/(.+))?$/.exec(url.pathname) ?? [];
  if (epoch === undefined) return page(Number(url.searchParams.get("after") ?? Number.POSITIVE_INFINITY));
  const bundle = bundles[Number(epoch) - FIRST_EPOCH];
  if (bundle === undefined) return undefined;
  if (file !== undefined) return new Response(new Uint8Array(bundle[file as keyof Bundle]));
  const files = Object.keys(bundle).map((name) => ({ name, bytes: 1, url: "http://elsewhere.test/" }));
  return Response.json({ epoch, name: bundleName(Number(epoch), bundle[MANIFEST_FILE]), files });
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
const bundlePath = (epoch: number, file = "") => api(`/${epoch}/bundle${file && `/${file}`}`);

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
      [{ [bundlePath(first)]: undefined }, "HTTP status 404"],
      [{ [bundlePath(first, "tree.json")]: undefined }, "HTTP status 404"],
      [{ [bundlePath(first, "tree.json")]: new Response("", away) }, "HTTP status 302"],
      [{ [bundlePath(first)]: Response.json({ name: "x" }) }, "Not an answer of a gateway: files"],
      [{ [bundlePath(first)]: Response.json({ name: "epoch-1", files: [] }) }, "epoch-1"],
    ];
    for (const [changes, problem] of cases) {
      const { status, out } = await run(fakeGateway(changes), ROOT);
      expect([status, out]).toEqual([1, expect.stringContaining(problem)]);
      expect(out.match(/^(HOLDS|DIFFERS)/gm)).toEqual(["DIFFERS"]);
    }
  });

  test("are compared with the manifest's hash in the list, and with the name", async () => {
    const [first = 0, second = 0] = epochs;
    const listed = Response.json({ epochs: [{ epoch: first, manifestHash: "0".repeat(64) }], next: null });
    const hash = await run(fakeGateway({ [`${api("")}?limit=200`]: listed }), ROOT);
    expect([hash.status, hash.out]).toEqual([1, expect.stringContaining("as the epoch is listed")]);
    const other = bundleName(first, new Uint8Array());
    const files = Object.keys(bundles[0] ?? {}).map((name) => ({ name }));
    const renamed = { [bundlePath(first)]: Response.json({ name: other, files }) };
    const cid = await run(fakeGateway(renamed), ROOT);
    expect([cid.status, cid.out]).toEqual([1, expect.stringMatching(/where +CID/)]);
    const foreign = { [bundlePath(second)]: Response.json({ name: other, files }) };
    const folder = await run(fakeGateway(foreign), ROOT);
    expect([folder.status, folder.out]).toEqual([1, expect.stringMatching(/where +folder/)]);
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
    const found = await gatewaySources({ base: new URL(ROOT) }, undefined, same);
    expect(found).toEqual({ ok: false, problem: expect.stringContaining("not listed newest first") });
  });
});

test("no more bytes are taken than allowed, whatever is announced", async () => {
  const limits = { maxBytes: 10, timeoutMs: 60_000 };
  const url = new URL(ROOT);
  const of = (response: Response) => download(async () => response, url, limits);
  expect(await of(new Response("0123456789"))).toMatchObject({ ok: true });
  const stream = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(6)) });
  expect(await of(new Response(stream))).toMatchObject({
    problem: expect.stringContaining("more than 10 bytes"),
  });
  const announced = new Response("", { headers: { "content-length": "11" } });
  expect(await of(announced)).toMatchObject({ problem: expect.stringContaining("more than 10 bytes") });
});

test("a real gateway's API is what this reads", async () => {
  const startMs = FIRST_EPOCH * 8000;
  await using run_ = await startTestGateway(startMs + 10);
  await run_.play([...assertions(startMs + 20), ...epochPackets(FIRST_EPOCH)], startMs + 3 * 8000);
  const fetch: Fetch = async (url, init) => run_.gateway.app.request(url.href, init);
  const { status, out } = await run(fetch, ROOT);
  expect([status, out]).toEqual([0, expect.stringContaining(`HOLDS  Epoch ${FIRST_EPOCH}`)]);
});
