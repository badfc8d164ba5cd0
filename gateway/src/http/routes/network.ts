import { type Entropy, formatParameters, hotspotId } from "@earshot/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { PROGRAM } from "../../monitoring/program.ts";
import type { PublishedParameters } from "../../parameters/parameters-log.ts";
import type { RouteContext } from "../context.ts";
import { currentEpoch } from "../denial-views.ts";
import { json } from "../schemas/common.ts";
import { keysPageSchema, networkSchema, parametersPageSchema } from "../schemas/network.ts";

const network = createRoute({
  method: "get",
  path: "/api/v1/network",
  operationId: "getNetwork",
  summary: "The network's rules, key and clock",
  tags: ["network"],
  responses: { 200: json("Parameters, their hash and how far judging has come", networkSchema) },
});

export function networkRoutes(app: OpenAPIHono, context: RouteContext): void {
  const { store, parameters, versions, clock } = context;
  const fixed = {
    network: parameters.network,
    publicKey: context.keys().root.toHex(),
    publicKeyId: hotspotId(context.keys().root),
    registration: context.registration,
    gateway: PROGRAM,
  };
  app.openapi(network, async (c) => {
    const nowMs = clock.now();
    const [latest, judged] = await Promise.all([store.latestEntropy(), store.judgedThrough()]);
    const entropy = latest && {
      index: latest.entropy.index,
      atMs: latest.entropy.atMs,
      ageMs: nowMs - latest.entropy.atMs,
      source: sourceView(latest.entropy),
    };
    const judgedThrough = judged === undefined ? null : { index: judged, atMs: context.timeOfIndex(judged) };
    const epoch = currentEpoch(context);
    const next = versions.next(epoch);
    const inForce = versions.inForce(epoch);
    return c.json(
      {
        ...{ nowMs, ...fixed, ...parametersView(inForce), rules: ruleOrder(inForce) },
        ...{ next: next ? parametersView(next) : null, entropy: entropy ?? null, judgedThrough },
      },
      200,
    );
  });
}

const sourceView = ({ source }: Pick<Entropy, "source">) =>
  source && { round: source.round, isProven: source.signature !== null, counts: source.counts };

const parametersView = ({ parameters, hash, rules }: PublishedParameters) => ({
  parameters: formatParameters(parameters),
  parametersHash: hash.toHex(),
  problem: rules.ok ? null : rules.problem,
});

/** Nothing for a rule set that this program does not have. */
const ruleOrder = ({ rules }: PublishedParameters): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(rules.ok ? rules.rules.order : {}).map(([kind, reasons]) => [kind, [...reasons]]),
  );

const versions = createRoute({
  method: "get",
  path: "/api/v1/parameters",
  operationId: "listParameters",
  summary: "Every version of the network's parameters, ascending, each as signed",
  description: "The version with the greatest activation epoch that has come is in force.",
  tags: ["network"],
  responses: { 200: json("The versions", parametersPageSchema) },
});

export function parameterRoutes(app: OpenAPIHono, context: RouteContext): void {
  app.openapi(versions, (c) => {
    const listed = context.versions.versions.map((published) => ({
      version: published.parameters.version,
      activationEpoch: published.parameters.activationEpoch,
      ...parametersView(published),
      message: published.message.toBase64(),
    }));
    return c.json({ nowMs: context.clock.now(), epoch: currentEpoch(context), versions: listed }, 200);
  });
}

const keys = createRoute({
  method: "get",
  path: "/api/v1/keys",
  operationId: "listKeys",
  summary: "Every key document of the network, ascending, each as signed",
  description: "Which keys sign for the network, and when. Without any the root key signs everything.",
  tags: ["network"],
  responses: { 200: json("The documents", keysPageSchema) },
});

export function keyRoutes(app: OpenAPIHono, context: RouteContext): void {
  app.openapi(keys, (c) => {
    const { root, documents } = context.keys();
    const listed = documents.map(({ document, hash, message }) => ({
      version: document.version,
      atMs: document.atMs,
      hash: hash.toHex(),
      keys: document.keys.map((one) => ({ ...one, key: hotspotId(one.key) })),
      message: message.toBase64(),
    }));
    const epoch = currentEpoch(context);
    return c.json({ nowMs: context.clock.now(), epoch, root: hotspotId(root), documents: listed }, 200);
  });
}
