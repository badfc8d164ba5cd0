import {
  type EpochJudgement,
  type Hotspot,
  type LatestContacts,
  laterContacts,
  type Manifest,
  type NetworkParameters,
  NO_CONTACTS,
  type ReceivedPacket,
} from "@earshot/protocol";
import type { Bundle } from "../bundle/bundle.ts";
import { readContacts } from "../bundle/json-readers.ts";
import { formatContacts } from "../bundle/json-texts.ts";
import type { ShownHotspot } from "../bundle/registry-hash.ts";
import { type Check, differ } from "./check.ts";
import { readFileAs } from "./check-manifest.ts";

import { expectText } from "./expect-text.ts";

const FILE = "contacts.json";

/** By hotspot id; a hotspot of which it is known that it had none is there too. */
export type KnownContacts = ReadonlyMap<string, LatestContacts>;

/** The contacts before the epoch, as the bundle lists them. */
export function* openContacts(
  bundle: Bundle,
  packets: readonly ReceivedPacket[],
  { previousEpoch }: Pick<Manifest, "previousEpoch">,
  { epochPeriods }: Pick<NetworkParameters, "epochPeriods">,
): Check<Map<string, LatestContacts>> {
  const end = previousEpoch === null ? 0 : (previousEpoch + 1) * epochPeriods;
  const contacts = yield* readFileAs(bundle, FILE, readContacts);
  yield* expectText(FILE, formatContacts(contacts), bundle[FILE]);
  const present = new Set(packets.map(({ hotspotId }) => hotspotId));
  for (const [id, { beaconed, witnessed }] of contacts) {
    if (!present.has(id)) yield* differ(FILE, `hotspot ${id}`, "no entry: it has no packet", "an entry");
    const latest = Math.max(beaconed ?? 0, witnessed ?? 0);
    if (latest >= end) {
      const wanted =
        end === 0 ? "no entry: no epoch was before" : `indexes below ${end}, where the epoch before ends`;
      yield* differ(FILE, `hotspot ${id}`, wanted, String(latest));
    }
  }
  return contacts;
}

/** Only a registered hotspot is validly heard: no contact is older than its registration. */
export function* checkRegistered(
  contacts: KnownContacts,
  shown: readonly ShownHotspot[],
  { epochPeriods }: Pick<NetworkParameters, "epochPeriods">,
): Check<void> {
  const changesOf = new Map(shown.map(({ hotspot, changes }) => [hotspot.id, changes]));
  const predecessors = predecessorsIn(shown);
  for (const [id, { beaconed, witnessed }] of contacts) {
    const fromEpoch = changesOf.get(lineageOf(id, predecessors).at(-1) as string)?.[0]?.fromEpoch;
    if (fromEpoch === undefined) {
      return yield* differ("registry.json", `hotspot ${id}`, `an entry, as ${FILE} lists it`, "none");
    }
    const first = fromEpoch * epochPeriods;
    const earliest = Math.min(...[beaconed, witnessed].filter((index) => index !== null));
    if (earliest >= first) continue;
    yield* differ(FILE, `hotspot ${id}`, `indexes from ${first}, where it was registered`, String(earliest));
  }
}

/**
 * Compares what a bundle says of earlier epochs with what judging their bundles gave.
 * @param isComplete whether the bundles go back to the network's first
 */
export function* checkContacts(
  found: KnownContacts,
  known: KnownContacts,
  packets: readonly ReceivedPacket[],
  { shown, isComplete }: { shown: readonly ShownHotspot[]; isComplete: boolean },
): Check<void> {
  const predecessors = predecessorsIn(shown);
  for (const id of new Set(packets.map(({ hotspotId }) => hotspotId))) {
    const line = lineageOf(id, predecessors).map(
      (one) => known.get(one) ?? (isComplete ? NO_CONTACTS : undefined),
    );
    const all = line.filter((contacts) => contacts !== undefined);
    if (all.length < line.length) continue;
    const expected = all.reduce(laterContacts);
    const [wanted, got] = [show(expected), show(found.get(id) ?? NO_CONTACTS)];
    if (wanted !== got) yield* differ(FILE, `hotspot ${id}`, wanted, got);
  }
}

/** With those of the hotspots whose places others took. */
export function succeededContacts(
  contacts: KnownContacts,
  hotspots: readonly Hotspot[],
): Map<string, LatestContacts> {
  const predecessors = predecessorsIn(hotspots.map((hotspot) => ({ hotspot })));
  const all = new Map(contacts);
  for (const id of predecessors.keys()) {
    const line = lineageOf(id, predecessors).map((one) => contacts.get(one) ?? NO_CONTACTS);
    all.set(id, line.reduce(laterContacts));
  }
  return all;
}

const predecessorsIn = (shown: readonly Pick<ShownHotspot, "hotspot">[]): ReadonlyMap<string, string> =>
  new Map(
    shown.flatMap(({ hotspot: { id, predecessor } }) => (predecessor === null ? [] : [[id, predecessor]])),
  );

/** A hotspot and those whose places it took, which its contacts are those of too; newest first, each once. */
function lineageOf(id: string, predecessors: ReadonlyMap<string, string>): string[] {
  const line = [id];
  for (let before = predecessors.get(id); before !== undefined && !line.includes(before); ) {
    line.push(before);
    before = predecessors.get(before);
  }
  return line;
}

const show = ({ beaconed, witnessed }: LatestContacts): string =>
  `beaconed ${beaconed ?? "never"}, witnessed ${witnessed ?? "never"}`;

/** What is known after an epoch: of all that were in it, that of its judgement; of others what was known before. */
export function contactsAfter(
  before: KnownContacts,
  { contacts }: Pick<EpochJudgement, "contacts">,
  packets: readonly ReceivedPacket[],
): Map<string, LatestContacts> {
  const after = new Map(before);
  for (const { hotspotId } of packets) after.set(hotspotId, contacts.get(hotspotId) ?? NO_CONTACTS);
  return after;
}
