import { formatParameters, hotspotId, parametersHash, RULE_ORDER } from "@earshot/protocol";
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { RouteContext } from "../context.ts";
import { json } from "../schemas/common.ts";
import { networkSchema } from "../schemas/network.ts";

const network = createRoute({
  method: "get",
  path: "/api/v1/network",
  operationId: "getNetwork",
  summary: "The network's rules, key and clock",
  tags: ["network"],
  responses: { 200: json("Parameters, their hash and how far judging has come", networkSchema) },
});

export function networkRoutes(app: OpenAPIHono, context: RouteContext): void {
  const { store, parameters, clock } = context;
  const fixed = {
    network: parameters.network,
    parameters: formatParameters(parameters),
    parametersHash: parametersHash(parameters).toHex(),
    publicKey: context.networkPublicKey.toHex(),
    publicKeyId: hotspotId(context.networkPublicKey),
    registration: context.registration,
    rules: Object.fromEntries(Object.entries(RULE_ORDER).map(([kind, reasons]) => [kind, [...reasons]])),
  };
  app.openapi(network, async (c) => {
    const nowMs = clock.now();
    const [latest, judged] = await Promise.all([store.latestEntropy(), store.judgedThrough()]);
    const entropy = latest && {
      index: latest.entropy.index,
      atMs: latest.entropy.atMs,
      ageMs: nowMs - latest.entropy.atMs,
    };
    const judgedThrough = judged === undefined ? null : { index: judged, atMs: context.timeOfIndex(judged) };
    return c.json({ nowMs, ...fixed, entropy: entropy ?? null, judgedThrough }, 200);
  });
}
