import { hotspotId, parseEvmAddress, publicKeyOf } from "@earshot/protocol";
import { createRoute, type OpenAPIHono, type z } from "@hono/zod-openapi";
import type { OperatorRegistration } from "../../registry/assertion.ts";
import type { RouteContext } from "../context.ts";
import { errorSchema, failure } from "../errors.ts";
import { hotspotDetail } from "../hotspot-detail.ts";
import { invalid, json } from "../schemas/common.ts";
import { hotspotDetailSchema, registrationSchema } from "../schemas/hotspot.ts";
import { adminResponses, adminSecurity, requireAdmin, requireJson } from "../security.ts";

const register = createRoute({
  method: "post",
  path: "/api/v1/hotspots",
  operationId: "registerHotspot",
  summary: "Lists a hotspot, or changes a listed one",
  description: "For the operator. Refused when the gateway was started without an admin token.",
  tags: ["hotspots"],
  security: adminSecurity,
  request: {
    body: { required: true, content: { "application/json": { schema: registrationSchema } } },
  },
  responses: {
    201: json("Registered", hotspotDetailSchema),
    ...invalid,
    ...adminResponses,
    409: json("The registry refuses this hotspot", errorSchema),
  },
});

export function registrationRoutes(app: OpenAPIHono, context: RouteContext): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "adminToken", { type: "http", scheme: "bearer" });
  app.post("/api/v1/hotspots", requireAdmin(context), requireJson);
  app.openapi(register, async (c) => {
    const body = c.req.valid("json");
    const payee = body.payee === null ? null : parseEvmAddress(body.payee);
    if (payee === undefined) return c.json(wrongPayee(body.payee), 400);
    const registration = registrationOf(body, payee);
    const added = await context.admin?.add(registration);
    if (added?.ok !== true) {
      const message = added?.message ?? "The registry is read-only";
      return c.json(failure(added?.code ?? "read_only", message), 409);
    }
    const stored = await context.store.hotspot(hotspotId(registration.publicKey));
    if (stored === undefined) throw new TypeError(`${body.id} was registered, but is not there`);
    return c.json(await hotspotDetail(stored, context), 201);
  });
}

const wrongPayee = (payee: string | null) =>
  failure("invalid_parameter", `payee is "${payee}", not an EVM address or one with a typing mistake`, {
    parameter: "payee",
    value: JSON.stringify(payee).slice(0, 100),
    allowed: "0x and 40 hex digits, checksummed (ERC-55) or all lower-case",
  });

function registrationOf(
  body: z.infer<typeof registrationSchema>,
  payee: Uint8Array | null,
): OperatorRegistration {
  const publicKey = publicKeyOf(body.id);
  if (publicKey === undefined) throw new TypeError(`${body.id} passed validation but is no hotspot id`);
  return {
    publicKey,
    latE7: Math.round(body.latitude * 1e7),
    lonE7: Math.round(body.longitude * 1e7),
    elevationM: Math.round(body.elevationM),
    antennaGainDdbi: Math.round(body.antennaGainDbi * 10),
    region: body.region,
    payee,
  };
}
