import {
  didKey,
  explainLoss,
  type Gnss,
  type Hotspot,
  isKeyCopied,
  type SequenceRange,
  type StatusPacket,
} from "@earshot/protocol";
import type { z } from "@hono/zod-openapi";
import { copySignsOf } from "../registry/copy-watch.ts";
import { lineages } from "../registry/lineage.ts";
import type { StoredPacket } from "../store/records.ts";
import type { Store } from "../store/store.ts";
import type { RouteContext } from "./context.ts";
import { denialViews } from "./denial-views.ts";
import { isPublic } from "./embargo.ts";
import type { SettledCounts } from "./radio-traffic.ts";
import type { hotspotDetailSchema } from "./schemas/hotspot.ts";
import { agentOf, degrees, hotspotView } from "./views.ts";

type Detail = z.infer<typeof hotspotDetailSchema>;

/** Numbers that are looked at, some hours of them: older ones may be millions. */
const NEWEST_NUMBERS = 1000;
/** How many of the newest runs are shown. */
const MAX_RUNS = 200;
const MAX_GAPS = 100;
const MAX_DENIALS = 50;

/** Everything that the API shows of one hotspot. */
export async function hotspotDetail(hotspot: Hotspot, context: RouteContext): Promise<Detail> {
  const { store, presence, activity, radioTraffic, clock, parameters } = context;
  const { id } = hotspot;
  const nowMs = clock.now();
  const isShown = ({ entropyIndex }: StoredPacket) =>
    entropyIndex === null || isPublic(entropyIndex, nowMs, parameters);
  const [statuses, activities, ranges, settled, copies, earned, [line]] = await Promise.all([
    store.statuses([id]),
    activity.of([id]),
    store.newestRanges(id, NEWEST_NUMBERS),
    radioTraffic.of(id),
    copySignsOf(id, store, isShown),
    earnings(id, store),
    lineages([id], (ids) => store.hotspotsById(ids)),
  ]);
  const seen = statuses.get(id);
  const recent = activities.get(id) ?? { judged: 0, paid: 0, unpaid: 0, refusedByReason: {}, heard: [] };
  return {
    nowMs,
    hotspot: hotspotView(hotspot, { ...presence.of(id, seen), ...agentOf(seen) }, recent),
    did: didKey(id),
    sequence: { ranges: ranges.slice(-MAX_RUNS), missing: missingIn(ranges) },
    sequenceGaps: gapsIn(ranges),
    denials: denialViews(context, line).slice(0, MAX_DENIALS),
    status: seen === undefined ? null : statusView(seen.status, seen.receivedAtMs),
    radioTraffic: settled.traffic ?? null,
    losses: settled.losses === undefined ? null : lossesView(settled.losses),
    keyCopies: { isLikely: isKeyCopied(copies), ...copies },
    earned,
  };
}

const lossesView = ({ atMs, counts }: NonNullable<SettledCounts["losses"]>): Detail["losses"] => ({
  atMs,
  counts: counts.map(({ reason, count }) => ({ reason, count, text: explainLoss(reason) })),
});

/** How many numbers lie between the ranges. */
export const missingIn = (ranges: readonly SequenceRange[]): number =>
  ranges.reduce((sum, { first }, i) => {
    const before = ranges[i - 1];
    return before === undefined ? sum : sum + first - before.last - 1;
  }, 0);

/** Runs of numbers that never came, newest first, and how many runs there are. */
const gapsIn = (ranges: readonly SequenceRange[]): Detail["sequenceGaps"] => {
  const gaps = ranges
    .slice(1)
    .map(({ first }, i) => ({ first: (ranges[i] as SequenceRange).last + 1, last: first - 1 }));
  return { total: gaps.length, missing: missingIn(ranges), runs: gaps.slice(-MAX_GAPS).reverse() };
};

async function earnings(hotspotId: string, store: Store): Promise<Detail["earned"]> {
  const latest = await store.latestEpoch();
  if (latest === undefined) return null;
  const payment = await store.payment(latest.epoch, hotspotId);
  if (payment === undefined) return null;
  return {
    epoch: latest.epoch,
    cumulative: payment.cumulative.toString(),
    delta: payment.delta.toString(),
  };
}

function statusView(status: StatusPacket, receivedAtMs: number): NonNullable<Detail["status"]> {
  const { radio, machine, gnss } = status;
  return {
    atMs: status.atMs,
    receivedAtMs,
    state: status.state,
    uptimeS: status.uptimeS,
    version: status.version,
    formats: status.formats,
    // A growing transmit count reveals who beacons now, and a receive count who hears it: left out.
    radio: radio && {
      ackPermille: radio.ackPermille,
      temperatureC: tenths(radio.temperatureDc),
      channels: radio.channels,
      spreadingFactors: radio.spreadingFactors,
    },
    machine: machine && {
      cpuTemperatureC: tenths(machine.cpuTemperatureDc),
      load: machine.loadPermille === null ? null : machine.loadPermille / 1000,
      diskUsedPermille: machine.diskUsedPermille,
      underVoltage: machine.underVoltage,
    },
    gnss: gnss && gnssView(gnss),
    outboxQueued: status.outboxQueued,
    outboxDropped: status.outboxDropped,
    keyHeld: status.keyHeld,
  };
}

const tenths = (value: number | null): number | null => (value === null ? null : value / 10);

const gnssView = (gnss: Gnss) => ({
  fixMode: gnss.fixMode,
  satellitesUsed: gnss.satellitesUsed,
  latitude: gnss.latE7 === null ? null : degrees(gnss.latE7),
  longitude: gnss.lonE7 === null ? null : degrees(gnss.lonE7),
  altitudeM: gnss.altitudeM,
  horizontalErrorM: tenths(gnss.horizontalErrorDm),
  integrityFlags: gnss.integrityFlags,
});
