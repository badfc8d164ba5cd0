import { MAX_MESSAGE_BYTES, type ManifestFile, sha256 } from "@earshot/protocol";
import { errorText } from "@earshot/protocol/runtime";
import { z } from "zod";
import { type Bundle, bundleName, KEYS_FILE, MANIFEST_FILE } from "../bundle/bundle.ts";
import {
  type BundleRead,
  type BundleSource,
  type EpochSpan,
  isWithin,
  MAX_PROOF_BYTES,
  missingFile,
} from "./bundle-source.ts";
import { type Check, type Difference, differ, expectEqual, runCheck } from "./check.ts";
import { checkKeys, withLater } from "./check-keys.ts";
import {
  checkFile,
  checkFiles,
  isUnknownFile,
  openManifest,
  type Pins,
  readParameters,
} from "./check-manifest.ts";
import { type Allowed, type Downloaded, download, type Transport } from "./download.ts";

/*
 * Bundles from a gateway's API. Each answer bounds the next download: the list of epochs names the manifest's hash, the
 * signed manifest the length and hash of each file. The first mismatch ends it.
 */

const PAGE_LENGTH = 200;
const PAGE = { maxBytes: 2 ** 20 };
/** Epochs that are listed at all: days for nearly three centuries. */
const MAX_EPOCHS = 100_000;
/** The manifest and the parameters: signed messages, and one of them as text. */
const SMALL = { maxBytes: MAX_MESSAGE_BYTES };
/** All key documents: each is a small message, and a network changes its keys some times a year. */
const KEYS = { maxBytes: 2 ** 22 };
/** All files of a bundle together: they are verified in memory. */
const MAX_BUNDLE_BYTES = 2 ** 31;

const pageSchema = z.object({
  epochs: z
    .array(z.object({ epoch: z.int().min(0), manifestHash: z.string().regex(/^[0-9a-f]{64}$/) }))
    .max(PAGE_LENGTH),
  next: z
    .string()
    .regex(/^\d{1,16}$/)
    .nullable(),
});

type ListedEpoch = z.infer<typeof pageSchema>["epochs"][number];

interface GatewayAddress {
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

type SourcesFound = { ok: true; sources: BundleSource[] } | { ok: false; problem: string };

interface GatewayOptions {
  epochs?: EpochSpan | undefined;
  /** Asked of a manifest before its files are fetched. */
  pins: Pins;
  transport: Transport;
}

/** All closed epochs that are meant, in ascending order. */
export async function gatewaySources(
  { base, epoch }: GatewayAddress,
  { epochs, ...options }: GatewayOptions,
): Promise<SourcesFound> {
  const span = epoch === undefined ? epochs : { first: epoch, last: epoch };
  const listed: ListedEpoch[] = [];
  for (let after = span && String(span.last + 1); ; ) {
    const url = new URL(
      `api/v1/epochs?limit=${PAGE_LENGTH}${after === undefined ? "" : `&after=${after}`}`,
      base,
    );
    const page = parsed(await download(options.transport, url, PAGE), pageSchema);
    if (!page.ok) return page;
    const lowest = listed.at(-1)?.epoch ?? Number.POSITIVE_INFINITY;
    if (!isDescending(page.value.epochs, lowest)) {
      return { ok: false, problem: `Epochs are not listed newest first by ${url}` };
    }
    for (const each of page.value.epochs) listed.push(each);
    if (listed.length > MAX_EPOCHS) {
      const problem = `More than ${MAX_EPOCHS} epochs are listed by ${base}: name some with --epochs A-B`;
      return { ok: false, problem };
    }
    const { next, epochs: own } = page.value;
    const end = own.at(-1)?.epoch;
    if (next === null || end === undefined || end <= (span?.first ?? 0)) break;
    after = next;
  }
  const wanted = listed.filter((each) => isWithin(each.epoch, span)).reverse();
  return { ok: true, sources: wanted.map((each) => gatewaySource(base, each, options)) };
}

const isDescending = (page: readonly ListedEpoch[], below: number): boolean =>
  page.every(({ epoch }, i) => epoch < (page[i - 1]?.epoch ?? below));

function gatewaySource(
  base: URL,
  listed: ListedEpoch,
  { pins, transport }: Omit<GatewayOptions, "epochs">,
): BundleSource {
  const root = new URL(`api/v1/epochs/${listed.epoch}/bundle`, base);
  return {
    name: root.href,
    read: () =>
      readFiles(listed, pins, (file, allowed) => download(transport, fileAddress(root, file), allowed)),
    async readLogProof() {
      const url = new URL(`log/proof/manifest/${listed.epoch}`, base);
      const read = await download(transport, url, { maxBytes: MAX_PROOF_BYTES });
      return read.ok ? { ok: true, text: new TextDecoder().decode(read.bytes) } : read;
    },
  };
}

const fileAddress = (root: URL, file: string): URL => new URL(`${root.pathname}/${file}`, root);

type Get = (file: string, allowed: Allowed) => Promise<Downloaded>;

async function readFiles(listed: ListedEpoch, pins: Pins, get: Get): Promise<BundleRead> {
  const head = await readHead(listed, pins, get);
  if (!head.ok) return head;
  const bundle: Partial<Bundle> = head.value.bundle;
  for (const file of head.value.files) {
    const name = file.name as keyof Bundle;
    if (bundle[name] !== undefined) continue;
    const read = await get(name, { bytes: file.bytes });
    if (!read.ok) return failed(name, read.problem);
    const checked = runCheck(checkFile(read.bytes, file));
    if (!checked.ok) return checked;
    bundle[name] = read.bytes;
  }
  const whole = bundle as Bundle;
  return { ok: true, bundle: whole, folder: bundleName(listed.epoch, whole[MANIFEST_FILE]) };
}

const failed = (file: string, problem: string): { ok: false; difference: Difference } => ({
  ok: false,
  difference: missingFile(file, problem),
});

interface ManifestHead {
  bundle: Pick<Bundle, typeof MANIFEST_FILE | typeof KEYS_FILE | "parameters.json">;
  files: readonly ManifestFile[];
}

/** The manifest, the parameters, which name the network that it is signed for, and who signs for that. */
async function readHead(
  listed: ListedEpoch,
  pins: Pins,
  get: Get,
): Promise<{ ok: true; value: ManifestHead } | { ok: false; difference: Difference }> {
  const manifest = await get(MANIFEST_FILE, SMALL);
  if (!manifest.ok) return failed(MANIFEST_FILE, manifest.problem);
  const hash = sha256(manifest.bytes).toHex();
  const asListed = runCheck(
    expectEqual(MANIFEST_FILE, "SHA-256", listed.manifestHash, hash, "as the epoch is listed"),
  );
  if (!asListed.ok) return asListed;
  const parameters = await get("parameters.json", SMALL);
  if (!parameters.ok) return failed("parameters.json", parameters.problem);
  const keys = await get(KEYS_FILE, KEYS);
  if (!keys.ok) return failed(KEYS_FILE, keys.problem);
  const bundle = {
    [MANIFEST_FILE]: manifest.bytes,
    "parameters.json": parameters.bytes,
    [KEYS_FILE]: keys.bytes,
  };
  return runCheck(checkHead(bundle, listed.epoch, pins));
}

/** That the manifest is signed, is the epoch's, and names the files of a bundle that can be held. */
function* checkHead(bundle: ManifestHead["bundle"], epoch: number, pins: Pins): Check<ManifestHead> {
  const shown = yield* checkKeys(bundle, yield* readParameters(bundle), pins);
  const keys = pins.keyDocuments === undefined ? shown : yield* withLater(shown, pins.keyDocuments);
  const { manifest } = yield* openManifest(bundle, keys);
  yield* expectEqual(MANIFEST_FILE, "epoch", String(epoch), String(manifest.epoch), "as the epoch is listed");
  yield* checkFiles(manifest);
  const files = manifest.files.filter(({ name }) => !isUnknownFile(name));
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (total > MAX_BUNDLE_BYTES) {
    const wanted = `at most ${MAX_BUNDLE_BYTES}: download it and verify the folder`;
    yield* differ(MANIFEST_FILE, "files, bytes", wanted, String(total));
  }
  for (const file of files) {
    if (file.name === "parameters.json" || file.name === KEYS_FILE) yield* checkFile(bundle[file.name], file);
  }
  return { bundle, files };
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
    return { ok: false, problem: `Not an answer of a gateway: ${errorText(error)}` };
  }
}
