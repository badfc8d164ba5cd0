import { entropyTimeMs, epochOf } from "@earshot/protocol";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { Claims } from "../../epochs/claims.ts";
import type { RouteContext } from "../context.ts";
import { failure } from "../errors.ts";
import { hotspotIdText, invalid, json, missing, pageQuery, wholeNumber } from "../schemas/common.ts";
import { claimSchema, epochDetailSchema, epochPageSchema } from "../schemas/epoch.ts";
import { claimView, epochView, paymentView } from "../views.ts";
import { nextAfter, pageOf } from "./paging.ts";

export const epochNumber = wholeNumber(0, 999_999_999_999);
const epochParams = z.object({ epoch: epochNumber });

const list = createRoute({
  method: "get",
  path: "/api/v1/epochs",
  operationId: "listEpochs",
  summary: "Closed epochs, newest first, and the one that is open",
  tags: ["epochs"],
  request: { query: pageQuery("epoch", 200, 50) },
  responses: { 200: json("One page", epochPageSchema), ...invalid },
});

const one = createRoute({
  method: "get",
  path: "/api/v1/epochs/{epoch}",
  operationId: "getEpoch",
  summary: "One closed epoch: totals, root and payments",
  tags: ["epochs"],
  request: { params: epochParams },
  responses: { 200: json("The epoch", epochDetailSchema), ...invalid, ...missing },
});

const claim = createRoute({
  method: "get",
  path: "/api/v1/epochs/{epoch}/claims/{hotspot}",
  operationId: "getClaim",
  summary: "What a hotspot may claim after an epoch, with the Merkle proof",
  description:
    "leaf = keccak256(keccak256(abi.encode(chainId, contract, hotspot, payee, cumulative))), as in OpenZeppelin's StandardMerkleTree.",
  tags: ["epochs"],
  request: { params: epochParams.extend({ hotspot: hotspotIdText }) },
  responses: { 200: json("Amount and proof", claimSchema), ...invalid, ...missing },
});

export const unknownEpoch = (epoch: number) =>
  failure("unknown_epoch", `Epoch ${epoch} is not closed or was never measured`, {
    parameter: "epoch",
    value: String(epoch),
    allowed: "a closed epoch: GET /api/v1/epochs lists them",
  });

export function epochRoutes(app: OpenAPIHono, context: RouteContext): void {
  const { store, clock, versions } = context;
  const claims = new Claims(context);
  app.openapi(list, async (c) => {
    const page = pageOf(c.req.valid("query"), 50);
    const [found, open] = await Promise.all([store.epochs(page), openEpoch(context)]);
    const next = nextAfter(found, found, page, ({ epoch }) => String(epoch));
    const problem = versions.problem(open.epoch) ?? versions.announcedProblem(open.epoch) ?? null;
    return c.json({ nowMs: clock.now(), open, problem, epochs: found.map(epochView), next }, 200);
  });
  app.openapi(one, async (c) => {
    const { epoch } = c.req.valid("param");
    const [found, payments] = await Promise.all([store.epoch(epoch), store.payments(epoch)]);
    if (found === undefined) return c.json(unknownEpoch(epoch), 404);
    return c.json({ epoch: epochView(found), payments: payments.map(paymentView) }, 200);
  });
  app.openapi(claim, async (c) => {
    const { epoch, hotspot } = c.req.valid("param");
    if ((await store.epoch(epoch)) === undefined) return c.json(unknownEpoch(epoch), 404);
    const found = await claims.of(epoch, hotspot);
    if (found !== undefined) return c.json(claimView(found), 200);
    const details = { parameter: "hotspot", value: hotspot, allowed: "a hotspot that was ever paid" };
    return c.json(failure("no_claim", `${hotspot} was not paid by epoch ${epoch}`, details), 404);
  });
}

async function openEpoch({ store, clock, parameters }: RouteContext) {
  const { entropyPeriodMs, epochPeriods } = parameters;
  const epoch = epochOf(Math.floor(clock.now() / entropyPeriodMs), parameters);
  const first = epoch * epochPeriods;
  const judged = await store.judgedThrough();
  const judgedPeriods = judged === undefined ? 0 : judged - first + 1;
  return {
    epoch,
    fromMs: entropyTimeMs(first, parameters),
    toMs: entropyTimeMs(first + epochPeriods, parameters),
    judgedShare: Math.min(1, Math.max(0, judgedPeriods / epochPeriods)),
  };
}
