import {
  changedHotspot,
  type Denial,
  denialMessage,
  type Entropy,
  earshot1,
  entropyMessage,
  equalBytes,
  type Hotspot,
  type LatestContacts,
  type Manifest,
  type NetworkParameters,
  type ReceivedPacket,
  type RegistryChange,
  readEvidence,
  utf8,
} from "@earshot/protocol";
import type { SequencePacket } from "@earshot/protocol/omission";
import { type Bundle, type BundleFile, type BundlePacket, encodeBundle } from "../bundle/bundle.ts";
import { readByteStrings, readPackets, writePackets } from "../bundle/cbor-sequences.ts";
import { readContacts } from "../bundle/json-readers.ts";
import { formatRegistry } from "../bundle/json-texts.ts";
import { EMPTY_REGISTRY_HASH, recordsOf, type ShownHotspot } from "../bundle/registry-hash.ts";
import { encodeChunks } from "../bundle/text-chunks.ts";
import { runCheck } from "../verify/check.ts";
import { openPackets } from "../verify/check-packets.ts";
import {
  type BundleOutcome,
  type Verified,
  type VerifyOptions,
  verifyFiles,
} from "../verify/verify-bundle.ts";
import { signedAgain } from "./test-bundle.ts";
import { FIRST_EPOCH, HOTSPOTS, networkSigner, PARAMETERS, signedParameters } from "./test-network.ts";

/** Changes to bundles as a dishonest network could make them. */

/** File and place of the difference, or "holds". */
export const where = (outcome: BundleOutcome): string =>
  outcome.ok ? "holds" : `${outcome.difference.file}: ${outcome.difference.at}`;

export const verified = (bundle: Bundle, options?: VerifyOptions) => {
  const outcome = verifyFiles(bundle, options);
  if (!outcome.ok) throw new TypeError(`${where(outcome)}: ${outcome.difference.found}`);
  return outcome.verified;
};

export const textOf = (bundle: Bundle, file: BundleFile): string => new TextDecoder().decode(bundle[file]);

/** A file replaced; `isSigned` says whether the network signs the change. */
export function replaced(bundle: Bundle, file: BundleFile, bytes: Uint8Array, isSigned = true): Bundle {
  if (equalBytes(bytes, bundle[file])) throw new TypeError(`Nothing is changed in ${file}`);
  return isSigned ? signedAgain(bundle, { [file]: bytes }) : { ...bundle, [file]: bytes };
}

export const edited = (bundle: Bundle, file: BundleFile, edit: (text: string) => string, isSigned = true) =>
  replaced(bundle, file, utf8(edit(textOf(bundle, file))), isSigned);

export const editedJson = (
  bundle: Bundle,
  file: BundleFile,
  edit: (value: Record<string, unknown>[]) => unknown,
  isSigned = true,
): Bundle => edited(bundle, file, (text) => `${JSON.stringify(edit(JSON.parse(text)), null, 1)}\n`, isSigned);

export function packetsOf(bundle: Bundle): SequencePacket[] {
  const read = readPackets(bundle["packets.cbor"]);
  if (!read.ok) throw new TypeError("Test packets cannot be read");
  return read.items;
}

/** The registry file of the test network with further changes of one hotspot, and facts that follow from them. */
export function registryWith(id: string, further: readonly RegistryChange[]): Uint8Array {
  const changes = new Map(HOTSPOTS.map((hotspot) => [hotspot.id, [hotspot.change]]));
  for (const change of further) changes.get(id)?.push(change);
  return encodeChunks(formatRegistry(shownOf(changes)));
}

/** All of them shown since one epoch. */
const shownOf = (
  changes: ReadonlyMap<string, readonly RegistryChange[]>,
  sinceEpoch = FIRST_EPOCH,
): ShownHotspot[] =>
  [...changes].flatMap(([id, own]) => {
    const hotspot = afterAll(id, own);
    return hotspot === undefined ? [] : [{ hotspot, changes: own, sinceEpoch }];
  });

function afterAll(id: string, changes: readonly RegistryChange[]): Hotspot | undefined {
  const known = HOTSPOTS.find((hotspot) => hotspot.id === id);
  let now = known;
  for (const [i, change] of changes.entries()) {
    const evidence = readEvidence(change.evidence, PARAMETERS.network, networkSigner.publicKey);
    if (evidence !== undefined) now = changedHotspot(i === 0 ? undefined : now, change, evidence);
  }
  const { commitments = [], publicKey = now?.publicKey } = known ?? {};
  return now && { ...now, id, publicKey: publicKey ?? now.publicKey, commitments };
}

/** What a network may claim otherwise than it was. */
export interface Claims {
  parameters?: NetworkParameters;
  denials?: readonly Denial[];
  packets?: readonly BundlePacket[];
  entropy?: readonly Entropy[];
  changes?: ReadonlyMap<string, readonly RegistryChange[]>;
  contactsBefore?: ReadonlyMap<string, LatestContacts>;
  previous?: Pick<Manifest, "previousEpoch" | "previousManifestHash">;
  closedAtMs?: number;
}

/**
 * The bundle as a network would write it that wants to be believed: judged, settled, hashed and signed again from what
 * it claims, so that nothing is wrong with it but that.
 * @param before the bundle before it
 */
export function claiming(bundle: Bundle, claims: Claims, before?: Verified): Bundle {
  const options = before === undefined ? {} : { previous: before };
  const { manifest, earlierSequences, ...known } = verified(bundle, options);
  const { parameters = known.parameters, denials = known.denials, previous = manifest } = claims;
  const told = known.hotspots.map(({ id }) => [id, known.registry.shown.get(id)?.changes ?? []] as const);
  const isFirst = previous.previousEpoch === null;
  const registry = shownOf(claims.changes ?? new Map(told), isFirst ? manifest.epoch : FIRST_EPOCH);
  const hotspots = registry.map(({ hotspot }) => hotspot);
  const entropy = claims.entropy ?? known.entropy;
  const packets = claims.packets ?? known.packets;
  const contacts = readContacts(textOf(bundle, "contacts.json"));
  if (!contacts.ok) throw new TypeError(contacts.problem);
  const contactsBefore = claims.contactsBefore ?? contacts.value;
  const usedSequences = isFirst ? new Map() : earlierSequences;
  const inputs = { parameters, hotspots, entropy, denials, usedSequences, contactsBefore };
  const received = receivedOf(packets);
  const judgement = earshot1.judge({ ...inputs, packets: received, epoch: manifest.epoch });
  const { network } = parameters;
  return encodeBundle(
    {
      ...inputs,
      packets,
      keyDocuments: keyDocumentsOf(bundle),
      signedParameters:
        claims.parameters === undefined ? bundle["parameters.cbor"] : signedParameters(parameters),
      epoch: manifest.epoch,
      previous,
      closedAtMs: claims.closedAtMs ?? manifest.closedAtMs,
      entropy: entropy.map((each) => ({
        entropy: each,
        message: entropyMessage.seal(each, networkSigner, network),
      })),
      registry,
      registryHashBefore: before?.manifest.registryHash ?? EMPTY_REGISTRY_HASH,
      changes: recordsOf(registry, { ...previous, epoch: manifest.epoch }),
      denials: denials.map((denial) => ({
        denial,
        message: denialMessage.seal(denial, networkSigner, network),
      })),
      verdicts: judgement.verdicts,
      settlement: earshot1.settle(judgement, {
        ...{ parameters, hotspots, before: isFirst ? new Map() : known.before },
      }),
    },
    networkSigner,
  );
}

function receivedOf(packets: readonly BundlePacket[]): ReceivedPacket[] {
  const sorted = packets.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const opened = runCheck(openPackets(writePackets(sorted), PARAMETERS.network));
  if (!opened.ok) throw new TypeError(opened.difference.at);
  return opened.value.packets;
}

function keyDocumentsOf(bundle: Bundle): Uint8Array[] {
  const read = readByteStrings(bundle["keys.cbor"]);
  if (!read.ok) throw new TypeError(`Test bundle: keys.cbor cannot be read at ${read.offset}`);
  return read.items;
}
