import { openAsBlob } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { RouteContext } from "../context.ts";
import { failure } from "../errors.ts";
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

const download = createRoute({
  method: "get",
  path: "/api/v1/epochs/{epoch}/bundle/{file}",
  operationId: "downloadBundleFile",
  summary: "One file of an epoch's bundle",
  tags: ["epochs"],
  request: { params: z.object({ epoch: epochNumber, file: fileName }) },
  responses: {
    200: {
      description: "The file",
      content: { "application/octet-stream": { schema: { type: "string", format: "binary" } } },
    },
    ...invalid,
    ...missing,
  },
});

interface BundleFile {
  name: string;
  bytes: number;
}

/** Plain files only; an empty list when the folder is gone. */
async function filesIn(folder: string): Promise<BundleFile[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map(({ name }) => name);
  return Promise.all(
    names.sort().map(async (name) => ({ name, bytes: (await stat(join(folder, name))).size })),
  );
}

export function bundleRoutes(app: OpenAPIHono, context: RouteContext): void {
  const { store, bundlesDir } = context;
  const bundleOf = async (epoch: number) => {
    const found = await store.epoch(epoch);
    return found && { found, folder: join(bundlesDir, basename(found.bundle)) };
  };
  app.openapi(list, async (c) => {
    const { epoch } = c.req.valid("param");
    const bundle = await bundleOf(epoch);
    if (bundle === undefined) return c.json(unknownEpoch(epoch), 404);
    const files = (await filesIn(bundle.folder)).map((file) => ({
      ...file,
      url: `/api/v1/epochs/${epoch}/bundle/${encodeURIComponent(file.name)}`,
    }));
    const name = basename(bundle.folder);
    return c.json({ epoch, name, manifestHash: bundle.found.manifestHash.toHex(), files }, 200);
  });
  app.openapi(download, async (c) => {
    const { epoch, file } = c.req.valid("param");
    const bundle = await bundleOf(epoch);
    if (bundle === undefined) return c.json(unknownEpoch(epoch), 404);
    const files = await filesIn(bundle.folder);
    if (!files.some(({ name }) => name === file)) return c.json(unknownFile(epoch, file, files), 404);
    c.header("Content-Disposition", `attachment; filename="${file}"`);
    c.header("Cache-Control", "public, max-age=31536000, immutable");
    c.header("Content-Type", "application/octet-stream");
    const blob = await openAsBlob(join(bundle.folder, file));
    c.header("Content-Length", String(blob.size));
    return c.body(blob.stream());
  });
}

const unknownFile = (epoch: number, file: string, files: readonly BundleFile[]) =>
  failure("unknown_file", `The bundle of epoch ${epoch} has no file ${file}`, {
    parameter: "file",
    value: file,
    allowed: files.map(({ name }) => name).join(", ") || "nothing: the bundle's folder is missing",
  });
