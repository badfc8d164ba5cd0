import { type ConfigStep, configPlan, enableUbx, type UbxSettings } from "./config-plan.ts";
import type { UbxMessage } from "./messages.ts";
import type { MonVer } from "./mon-ver.ts";
import type { Answer, UbxExchange } from "./ubx-exchange.ts";
import { encodeUbxFrame } from "./ubx-frame.ts";

/** CFG-VALSET, or the messages that generation 8 and earlier understand. */
type ConfigMethod = "valset" | "legacy";

/**
 * How configuring went. Readings go on in every case.
 *
 * - `not-asked`: nothing was written to the receiver.
 * - `configured`: rate, dynamic model and NAV-PVT are set; `refused` lists what this receiver does not have.
 * - `refused`: one of these three was refused, and is in `refused`.
 * - `silent`: one of these three stayed unanswered, or everything did: is the line to the receiver's RX connected?
 * - `interrupted`: the link was lost or closed meanwhile.
 */
export interface UbxConfiguration {
  state: "not-asked" | "configured" | "refused" | "silent" | "interrupted";
  /** What the receiver reported of itself. */
  receiver?: MonVer;
  method?: ConfigMethod;
  accepted: string[];
  refused: string[];
  unanswered: string[];
}

export const NOT_ASKED: UbxConfiguration = { state: "not-asked", accepted: [], refused: [], unanswered: [] };

/** CFG-VALSET came with protocol version 27; generation 8 ends at 23. */
const VALSET_PROTOCOL = 27;
const MON_VER_POLL = encodeUbxFrame({ messageClass: 0x0a, id: 0x04, payload: new Uint8Array(0) });

/** Sets the receiver up, step by step, each confirmed by its answer. Throws nothing but RangeError for the settings. */
export async function configureUbx(exchange: UbxExchange, settings: UbxSettings): Promise<UbxConfiguration> {
  const plan = configPlan(settings);
  const receiver = await identify(exchange, settings);
  const first = await configureBy(exchange, plan, methodFor(receiver));
  const isUnknownTo = first.state === "refused" && first.method === "valset" && first.accepted.length === 0;
  const result = isUnknownTo ? await configureBy(exchange, plan, "legacy") : first;
  return {
    ...result,
    ...(receiver && { receiver }),
    ...(exchange.isClosed && { state: "interrupted" as const }),
  };
}

/** MON-VER; when it is not answered, UBX may be switched off on the port. */
async function identify(exchange: UbxExchange, settings: UbxSettings): Promise<MonVer | undefined> {
  const isVersion = (message: UbxMessage) => (message.kind === "mon-ver" ? message : undefined);
  const reported = await exchange.ask(MON_VER_POLL, isVersion);
  if (reported !== undefined) return reported;
  await anyAccepted(exchange, enableUbx(settings.port));
  return exchange.ask(MON_VER_POLL, isVersion);
}

/** Protocol version, or else the hardware; a receiver that reports neither is tried as a new one. */
function methodFor(receiver: MonVer | undefined): ConfigMethod {
  const { protocolVersion, generation } = receiver ?? {};
  if (protocolVersion !== undefined) return protocolVersion >= VALSET_PROTOCOL ? "valset" : "legacy";
  return generation !== undefined && generation < 9 ? "legacy" : "valset";
}

/** Runs the plan to its end, or to a required step that was not accepted. */
async function configureBy(
  exchange: UbxExchange,
  plan: readonly ConfigStep[],
  method: ConfigMethod,
): Promise<UbxConfiguration> {
  const result: UbxConfiguration = {
    ...NOT_ASKED,
    state: "configured",
    method,
    accepted: [],
    refused: [],
    unanswered: [],
  };
  const lists = { accepted: result.accepted, refused: result.refused, silent: result.unanswered };
  for (const step of plan) {
    if (exchange.isClosed) break;
    const answer = await runStep(exchange, step, method);
    lists[answer].push(step.name);
    if (step.required && answer !== "accepted") return { ...result, state: answer };
  }
  return result;
}

async function runStep(exchange: UbxExchange, step: ConfigStep, method: ConfigMethod): Promise<Answer> {
  if (method === "valset") return anyAccepted(exchange, step.modern);
  for (const frame of step.legacy) {
    const answer = await exchange.configure(frame);
    if (answer !== "accepted") return answer;
  }
  return "accepted";
}

/** The first alternative that is not refused. */
async function anyAccepted(exchange: UbxExchange, frames: readonly Uint8Array[]): Promise<Answer> {
  for (const frame of frames) {
    const answer = await exchange.configure(frame);
    if (answer !== "refused") return answer;
  }
  return "refused";
}
