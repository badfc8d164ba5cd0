import { manifestMessage, sha256 } from "@earshot/protocol";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { MANIFEST_FILE } from "../../bundle/bundle.ts";
import type { BundleStore } from "../../bundle/bundle-store.ts";
import { cidOf } from "../../bundle/cid.ts";
import { noneMatchFits, rangeIn } from "../conditional-requests.ts";
import type { RouteContext } from "../context.ts";
import { errorSchema, failure } from "../errors.ts";
import { invalid, json, missing } from "../schemas/common.ts";
import { bundleSchema } from "../schemas/epoch.ts";
import { epochNumber, unknownEpoch } from "./epochs.ts";

const list = createRoute({
  method: "get",
  path: "/api/v1/epochs/{epoch}/bundle",
  operationId: "listBundle",
  summary: "The files from which anybody recomputes an epoch",
  description: "Download them into one folder and run `bun run gateway verify-epoch FOLDER`.",
  tags: ["epochs"],
  request: { params: z.object({ epoch: epochNumber }) },
  responses: { 200: json("The files", bundleSchema), ...invalid, ...missing },
});

/** No separator and no leading dot, so that a name never leads out of the bundle's folder. */
const fileName = z
  .string()
  .regex(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,100}$/, { error: "the name of a file in the bundle" });

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  cbor: "application/cbor",
  json: "application/json",
  jsonl: "application/jsonl",
};

const FILE_CONTENT = Object.fromEntries(
  Object.values(CONTENT_TYPES).map((type) => [
    type,
    { schema: { type: "string" as const, format: "binary" } },
  ]),
);

const download = createRoute({
  method: "get",
  path: "/api/v1/epochs/{epoch}/bundle/{file}",
  operationId: "downloadBundleFile",
  summary: "One file of an epoch's bundle",
  description: "Its entity tag is its SHA-256. A single range of bytes can be asked for.",
  tags: ["epochs"],
  request: { params: z.object({ epoch: epochNumber, file: fileName }) },
  responses: {
    200: { description: "The file, byte for byte; it never changes", content: FILE_CONTENT },
    206: { description: "The part of it that `Range` asks for", content: FILE_CONTENT },
    304: { description: "The file is the one that `If-None-Match` names" },
    416: json("The file ends before the part that `Range` asks for", errorSchema),
    ...invalid,
    ...missing,
  },
});

interface BundleFile {
  name: string;
  content: Blob;
  /** 32 bytes. */
  sha256: Uint8Array;
}

const contentTypeOf = (name: string): string =>
  CONTENT_TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";

/** What the manifest names, and the manifest itself; an empty list when the bundle is gone. */
async function filesIn(
  bundle: string,
  bundles: Pick<BundleStore, "file">,
  network: string,
): Promise<BundleFile[]> {
  const stored = await bundles.file(bundle, MANIFEST_FILE);
  const bytes = await stored?.bytes().catch(() => undefined);
  const manifest = bytes && manifestMessage.open(bytes, network);
  if (bytes === undefined || manifest?.ok !== true) return [];
  const named = [...manifest.value.files, { name: MANIFEST_FILE, sha256: sha256(bytes) }];
  const files = await Promise.all(
    named.map(async (file) => {
      const content = await bundles.file(bundle, file.name);
      return content === undefined ? [] : [{ ...file, content }];
    }),
  );
  return files.flat().sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function bundleRoutes(app: OpenAPIHono, context: RouteContext): void {
  const { store, bundles, parameters } = context;
  const bundleOf = async (epoch: number) => {
    const found = await store.epoch(epoch);
    return found && { found, files: await filesIn(found.bundle, bundles, parameters.network) };
  };
  app.openapi(list, async (c) => {
    const { epoch } = c.req.valid("param");
    const bundle = await bundleOf(epoch);
    if (bundle === undefined) return c.json(unknownEpoch(epoch), 404);
    const files = bundle.files.map((file) => ({
      name: file.name,
      bytes: file.content.size,
      sha256: file.sha256.toHex(),
      cid: cidOf(file.sha256),
      url: `/api/v1/epochs/${epoch}/bundle/${encodeURIComponent(file.name)}`,
    }));
    const { bundle: name, manifestHash } = bundle.found;
    return c.json({ epoch, name, manifestHash: manifestHash.toHex(), cid: cidOf(manifestHash), files }, 200);
  });
  app.openapi(download, async (c) => {
    const { epoch, file } = c.req.valid("param");
    const bundle = await bundleOf(epoch);
    if (bundle === undefined) return c.json(unknownEpoch(epoch), 404);
    const known = bundle.files.find(({ name }) => name === file);
    if (known === undefined) return c.json(unknownFile(epoch, file, bundle.files), 404);
    return sendFile(c, known);
  });
}

/** A whole file or the part that is asked for (RFC 9110 §14). */
function sendFile(c: Context, { name, content, sha256: hash }: BundleFile) {
  const etag = `"${hash.toHex()}"`;
  c.header("ETag", etag);
  c.header("Accept-Ranges", "bytes");
  c.header("Cache-Control", "public, max-age=31536000, immutable");
  if (noneMatchFits(c.req.header("if-none-match"), etag)) return c.body(null, 304);
  const ifRange = c.req.header("if-range")?.trim();
  const isAsked = c.req.method === "GET" && (ifRange === undefined || ifRange === etag);
  const range = rangeIn(isAsked ? c.req.header("range") : undefined, content.size);
  if (range === "unsatisfiable") {
    c.header("Content-Range", `bytes */${content.size}`);
    return c.json(pastTheEnd(name, content.size), 416);
  }
  c.header("Content-Disposition", `attachment; filename="${name}"`);
  c.header("Content-Type", contentTypeOf(name));
  const { first, last } = range ?? { first: 0, last: content.size - 1 };
  c.header("Content-Length", String(last - first + 1));
  if (range === undefined) return c.body(content.stream(), 200);
  c.header("Content-Range", `bytes ${first}-${last}/${content.size}`);
  return c.body(content.slice(first, last + 1).stream(), 206);
}

const pastTheEnd = (name: string, size: number) =>
  failure("range_not_satisfiable", `${name} has ${size} bytes`, {
    parameter: "Range",
    allowed: `bytes=FIRST-LAST, with FIRST from 0 to ${size - 1}`,
  });

const unknownFile = (epoch: number, file: string, files: readonly BundleFile[]) =>
  failure("unknown_file", `The bundle of epoch ${epoch} has no file ${file}`, {
    parameter: "file",
    value: file,
    allowed: files.map(({ name }) => name).join(", ") || "nothing: the bundle's folder is missing",
  });
