import {
  type EpochJudgement,
  type LatestContacts,
  NO_CONTACTS,
  type ReceivedPacket,
} from "@earshot/protocol";
import type { Bundle } from "../epochs/bundle.ts";
import { readContacts } from "../epochs/bundle-readers.ts";
import { formatContacts } from "../epochs/bundle-texts.ts";
import { type Check, differ } from "./check.ts";
import { readFileAs } from "./manifest.ts";
import { expectText } from "./texts.ts";

const FILE = "contacts.json";

/** By hotspot id; a hotspot of which it is known that it had none is there too. */
export type KnownContacts = ReadonlyMap<string, LatestContacts>;

/** The contacts before the epoch, as the bundle lists them. @param firstIndex of the epoch */
export function* openContacts(
  bundle: Bundle,
  packets: readonly ReceivedPacket[],
  firstIndex: number,
): Check<Map<string, LatestContacts>> {
  const contacts = yield* readFileAs(bundle, FILE, readContacts);
  yield* expectText(FILE, formatContacts(contacts), bundle[FILE]);
  const present = new Set(packets.map(({ hotspotId }) => hotspotId));
  for (const [id, { beaconed, witnessed }] of contacts) {
    if (!present.has(id)) yield* differ(FILE, `hotspot ${id}`, "no entry: it has no packet", "an entry");
    const latest = Math.max(beaconed ?? 0, witnessed ?? 0);
    if (latest >= firstIndex) {
      yield* differ(FILE, `hotspot ${id}`, `indexes below ${firstIndex}, the epoch's first`, `${latest}`);
    }
  }
  return contacts;
}

/**
 * Compares what a bundle says of earlier epochs with what judging their bundles gave.
 * @param isComplete whether the bundles go back to the network's first
 */
export function* checkContacts(
  found: KnownContacts,
  known: KnownContacts,
  packets: readonly ReceivedPacket[],
  isComplete: boolean,
): Check<void> {
  for (const id of new Set(packets.map(({ hotspotId }) => hotspotId))) {
    const expected = known.get(id) ?? (isComplete ? NO_CONTACTS : undefined);
    if (expected === undefined) continue;
    const [wanted, got] = [show(expected), show(found.get(id) ?? NO_CONTACTS)];
    if (wanted !== got) yield* differ(FILE, `hotspot ${id}`, wanted, got);
  }
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
