import { sha256 } from "@earshot/protocol";
import { z } from "zod";
import { BUNDLE_FILES, type Bundle, bundlePrefix, MANIFEST_FILE } from "../epochs/bundle.ts";
import {
  type BundleRead,
  type BundleSource,
  type EpochSpan,
  isWithin,
  missingFile,
} from "./bundle-source.ts";
import { type Downloaded, download, type Fetch } from "./download.ts";

/* Bundles as a gateway's API offers them. */

const PAGE_LENGTH = 200;
const ANSWER = { maxBytes: 4 * 2 ** 20, timeoutMs: 30_000 };
const FILE = { maxBytes: 2 ** 30, timeoutMs: 900_000 };

const pageSchema = z.object({
  epochs: z.array(z.object({ epoch: z.int().min(0), manifestHash: z.string().regex(/^[0-9a-f]{64}$/) })),
  next: z.string().regex(/^\d+$/).nullable(),
});
const indexSchema = z.object({ name: z.string(), files: z.array(z.object({ name: z.string() })) });

type ListedEpoch = z.infer<typeof pageSchema>["epochs"][number];

export interface GatewayAddress {
  /** The gateway's root. */
  base: URL;
  /** The one epoch that was meant; all when absent. */
  epoch?: number;
}

/** Reads `http(s)://host[:port][/…]`, with `/api/v1/epochs/N` behind it or not; `undefined` for what is no address. */
export function gatewayAddress(text: string): GatewayAddress | undefined {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const [, root = "/", epoch] =
    /^(.*?)\/?(?:api\/v1\/epochs(?:\/(\d{1,12}))?\/?(?:bundle\/?)?)?$/.exec(url.pathname) ?? [];
  const base = new URL(`${root.replace(/\/$/, "")}/`, url);
  return { base, ...(epoch === undefined ? {} : { epoch: Number(epoch) }) };
}

export type SourcesFound = { ok: true; sources: BundleSource[] } | { ok: false; problem: string };

/** All closed epochs that are meant, in ascending order. */
export async function gatewaySources(
  { base, epoch }: GatewayAddress,
  epochs: EpochSpan | undefined,
  fetch: Fetch,
): Promise<SourcesFound> {
  const span = epoch === undefined ? epochs : { first: epoch, last: epoch };
  const listed: ListedEpoch[] = [];
  for (let after = span && String(span.last + 1); ; ) {
    const url = new URL(
      `api/v1/epochs?limit=${PAGE_LENGTH}${after === undefined ? "" : `&after=${after}`}`,
      base,
    );
    const page = parsed(await download(fetch, url, ANSWER), pageSchema);
    if (!page.ok) return page;
    const lowest = listed.at(-1)?.epoch ?? Number.POSITIVE_INFINITY;
    if (!isDescending(page.value.epochs, lowest)) {
      return { ok: false, problem: `Epochs are not listed newest first by ${url}` };
    }
    for (const each of page.value.epochs) listed.push(each);
    const { next, epochs: own } = page.value;
    const end = own.at(-1)?.epoch;
    if (next === null || end === undefined || end <= (span?.first ?? 0)) break;
    after = next;
  }
  const wanted = listed.filter((each) => isWithin(each.epoch, span)).reverse();
  return { ok: true, sources: wanted.map((each) => gatewaySource(base, each, fetch)) };
}

const isDescending = (page: readonly ListedEpoch[], below: number): boolean =>
  page.every(({ epoch }, i) => epoch < (page[i - 1]?.epoch ?? below));

function gatewaySource(base: URL, listed: ListedEpoch, fetch: Fetch): BundleSource {
  const root = new URL(`api/v1/epochs/${listed.epoch}/bundle`, base);
  return {
    name: root.href,
    async read() {
      const index = parsed(await download(fetch, root, ANSWER), indexSchema);
      if (!index.ok) return { ok: false, difference: missingFile("bundle", index.problem) };
      return readFiles(root, index.value, listed, fetch);
    },
  };
}

async function readFiles(
  root: URL,
  { name: folder, files }: z.infer<typeof indexSchema>,
  { epoch, manifestHash }: ListedEpoch,
  fetch: Fetch,
): Promise<BundleRead> {
  const differ = (at: string, expected: string, found: string): BundleRead => ({
    ok: false,
    difference: { file: MANIFEST_FILE, at, expected, found },
  });
  if (!folder.startsWith(bundlePrefix(epoch))) return differ("folder", `${bundlePrefix(epoch)}-…`, folder);
  const present = new Set(files.map(({ name }) => name));
  const bundle: Partial<Bundle> = {};
  for (const file of [MANIFEST_FILE, ...BUNDLE_FILES] as const) {
    if (!present.has(file)) return { ok: false, difference: missingFile(file) };
    const read = await download(fetch, new URL(`${root.pathname}/${file}`, root), FILE);
    if (!read.ok) return { ok: false, difference: missingFile(file, read.problem) };
    bundle[file] = read.bytes;
  }
  const whole = bundle as Bundle;
  const hash = sha256(whole[MANIFEST_FILE]).toHex();
  if (hash !== manifestHash) return differ("SHA-256", `${manifestHash}, as the epoch is listed`, hash);
  return { ok: true, bundle: whole, folder };
}

type Parsed<T> = { ok: true; value: T } | { ok: false; problem: string };

function parsed<T>(read: Downloaded, schema: z.ZodType<T>): Parsed<T> {
  if (!read.ok) return read;
  try {
    const result = schema.safeParse(JSON.parse(new TextDecoder().decode(read.bytes)));
    if (result.success) return { ok: true, value: result.data };
    const [issue] = result.error.issues;
    return { ok: false, problem: `Not an answer of a gateway: ${issue?.path.join(".")}: ${issue?.message}` };
  } catch (error) {
    return { ok: false, problem: `Not an answer of a gateway: ${(error as Error).message}` };
  }
}
