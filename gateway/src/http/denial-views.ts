import { denialSubject, epochOf, hotspotId, publicKeyOf } from "@earshot/protocol";
import type { z } from "@hono/zod-openapi";
import type { StoredDenial } from "../store/records.ts";
import type { RouteContext } from "./context.ts";
import type { denialSchema } from "./schemas/denial.ts";

type DenialView = z.infer<typeof denialSchema>;
type Context = Pick<RouteContext, "clock" | "denials" | "parameters">;

/** The epoch that runs now. */
export const currentEpoch = ({ clock, parameters }: Pick<RouteContext, "clock" | "parameters">): number =>
  epochOf(Math.floor(clock.now() / parameters.entropyPeriodMs), parameters);

/** Denials newest first, or those that one of these hotspots is part of. */
export function denialViews(context: Context, ids?: readonly string[]): DenialView[] {
  const { all } = context.denials;
  const epoch = currentEpoch(context);
  const newest = new Map(all.map(({ denial }) => [denialSubject(denial), denial]));
  const keys = ids === undefined ? undefined : new Set(ids.map((id) => publicKeyOf(id)?.toHex()));
  const isAbout = ({ denial }: StoredDenial) =>
    keys === undefined || keys.has(denial.hotspot.toHex()) || keys.has(denial.peer?.toHex() ?? "");
  return all
    .map((stored, i) => ({ stored, position: i + 1 }))
    .filter(({ stored }) => isAbout(stored))
    .map(({ stored, position }) => {
      const isNewest = newest.get(denialSubject(stored.denial)) === stored.denial;
      return denialView(stored, position, isNewest, epoch);
    })
    .reverse();
}

function denialView(
  { denial, message }: StoredDenial,
  position: number,
  isNewest: boolean,
  epoch: number,
): DenialView {
  const { hotspot, peer, ...fields } = denial;
  return {
    position,
    ...fields,
    hotspot: hotspotId(hotspot),
    peer: peer === null ? null : hotspotId(peer),
    state: isNewest ? stateIn(epoch, fields) : "replaced",
    message: message.toBase64(),
  };
}

function stateIn(
  epoch: number,
  { fromEpoch, untilEpoch }: { fromEpoch: number; untilEpoch: number },
): DenialView["state"] {
  if (fromEpoch === untilEpoch) return "taken_back";
  if (epoch < fromEpoch) return "waiting";
  return epoch < untilEpoch ? "in_force" : "ended";
}
