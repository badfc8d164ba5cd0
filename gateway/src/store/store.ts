import type {
  AcceptedCommitment,
  ChangeRecord,
  Denial,
  EdgeEvidence,
  Entropy,
  Hotspot,
  LatestContacts,
  NetworkParameters,
  RegistryChange,
  ReportTimes,
  SequenceRange,
  StatusPacket,
} from "@earshot/protocol";
import type { TileHash } from "@earshot/protocol/tlog";
import type {
  HotspotStatus,
  LogEntry,
  LogKind,
  ReceivedStatus,
  StoredBeacon,
  StoredContact,
  StoredDenial,
  StoredEdge,
  StoredEpoch,
  StoredLogEntry,
  StoredPacket,
  StoredParameters,
  StoredPayment,
  StoredReading,
  StoredVerdict,
} from "./records.ts";

/** What a clock that was ahead had made, and is revoked. */
export interface Revoked {
  /** Number of values. */
  entropy: number;
  /** Closed before they were over. */
  epochs: Pick<StoredEpoch, "epoch" | "bundle">[];
  /** Number of packets with a receive time in the future. */
  packets: number;
  /** As each of the changes had made them, in order. */
  hotspots: Hotspot[];
  denials: StoredDenial[];
  /** Where judging and closing go on. */
  openEpoch: number;
  judgedThrough: number;
}

/** Which hotspots that no bundle shows are forgotten. */
export interface UnshownHotspots {
  beforeMs: number;
  keep: number;
  limit: number;
  /** Open epochs: hotspots with a report in one are kept. */
  epochs: readonly number[];
}

export interface ReadingSource {
  source: string;
  /** By the hotspot's own clock, ms since the Unix epoch. */
  firstAtMs: number;
  latestAtMs: number;
}

/** Readings whose period ended from `fromMs` to `toMs`. */
export interface ReadingRange {
  fromMs: number;
  toMs: number;
  limit: number;
}

/** What is appended to the network's log at once. */
export interface LogAddition {
  /** Of the first entry: as many are there. */
  position: number;
  entries: readonly LogEntry[];
  /** Of tiles that are full now. */
  hashes: readonly TileHash[];
  /** Up to where each kind is logged now. */
  through: Partial<Record<LogKind, number>>;
  /** The checkpoint of the log with these entries, signed. */
  note: string;
}

/**
 * One page of a long list: `after` is the key of the previous page's last item. Keys: `verdictPageKey` for
 * verdicts, `beaconKey` for beacons, the number for epochs, the id for hotspots.
 */
export interface Page {
  limit: number;
  after?: string;
}

export const verdictPageKey = (verdict: Pick<StoredVerdict, "entropyIndex" | "packetId">): string =>
  `${verdict.entropyIndex}.${verdict.packetId}`;

/**
 * Where the gateway keeps everything. Each method is one transaction. One contract suite holds for every
 * implementation (`storeContract` in testing).
 */
export interface Store {
  /**
   * Stores packets. Those already there (same id) stay as they are. Of packets of a hotspot with the same sequence number
   * two are kept: the first and one conflicting. Durable when it resolves, with the ids that are new.
   */
  addPackets(packets: readonly StoredPacket[]): Promise<ReadonlySet<string>>;
  /** All reports about beacons of this entropy index, in order of id. */
  reportsOfIndex(entropyIndex: number): Promise<StoredPacket[]>;
  /** All packets of the epoch's bundle, or those of these hotspots, in order of id. */
  packetsOfEpoch(epoch: number, hotspotIds?: Iterable<string>): Promise<StoredPacket[]>;
  /** Of each hotspot with a packet or a verdict in the epoch how many there are, in order of id. */
  rowsOfEpoch(epoch: number): Promise<Map<string, number>>;
  /** Packets of a hotspot with one of these sequence numbers. */
  packetsBySequence(hotspotId: string, sequences: readonly number[]): Promise<StoredPacket[]>;
  /** Lowest index from `first` to `last` that each of these hotspots has a timely beacon report about. */
  firstBeaconIndexes(hotspotIds: Iterable<string>, first: number, last: number): Promise<Map<string, number>>;
  /**
   * Ids of the timely reports about beacons of this index filed under this epoch whose number another packet used before
   * them: `JudgingContext.isSequenceReused`. Packets filed under no epoch use no number.
   */
  reusedNumbers(entropyIndex: number, epoch: number): Promise<Set<string>>;
  /**
   * For the timely reports about beacons of this index filed under this epoch, by packet id: `JudgingContext.earlierReport`.
   * One statement; costs as much as there are reports of the index, however many packets are stored.
   */
  earlierReports(entropyIndex: number, epoch: number): Promise<Map<string, ReportTimes>>;
  /** At most `limit` reports filed under this epoch, about an index up to `throughIndex`, that have no verdict. */
  unjudgedReports(epoch: number, throughIndex: number, limit: number): Promise<StoredPacket[]>;
  /** Lowest epoch above `after` that packets are filed under. */
  firstFiledEpoch(after: number): Promise<number | undefined>;
  /** Runs of sequence numbers stored for a hotspot, ascending; only packets filed under epochs before `beforeEpoch` if given. */
  sequenceRanges(hotspotId: string, beforeEpoch?: number): Promise<SequenceRange[]>;
  /** Runs of the newest `numbers` stored sequence numbers, ascending. The cost does not grow with the number stored. */
  newestRanges(hotspotId: string, numbers: number): Promise<SequenceRange[]>;

  /**
   * Keeps what is known of the hotspot from `change.fromEpoch` on; what was known for earlier epochs stays.
   * @param isKept not to be forgotten, also when it is never shown in a bundle
   */
  putHotspot(hotspot: Hotspot, isKept?: boolean): Promise<void>;
  /** All or none, none of them to be forgotten. */
  putHotspots(hotspots: readonly Hotspot[]): Promise<void>;
  /** The newest, in force or not yet. */
  hotspot(id: string): Promise<Hotspot | undefined>;
  /** In order of id: those in force in `epoch`, or the newest of all when it is left out. */
  hotspots(epoch?: number): Promise<Hotspot[]>;
  /** The newest of each, in order of id; `after` is an id. Costs as much as there are on the page. */
  hotspotPage(page: Page): Promise<Hotspot[]>;
  /**
   * Of these the ones that are in force in `epoch`, or the newest of each when it is left out, by id. Costs as much as
   * there are ids, however many are registered.
   */
  hotspotsById(ids: Iterable<string>, epoch?: number): Promise<Map<string, Hotspot>>;
  /** The newest of each, by `shortId` in hex; unknown ones are left out. Costs as much as there are short ids. */
  hotspotsByShortId(shortIds: Iterable<string>): Promise<Map<string, Hotspot>>;
  /** All that were ever registered, in order. */
  hotspotIds(): Promise<string[]>;
  /** The hotspot as each of its changes made it, in order of epoch; those not in force yet too. */
  hotspotHistory(id: string): Promise<Hotspot[]>;
  /** Of these hotspots every change in force in `epoch` or before, each hotspot's in order of epoch. */
  registryChanges(ids: Iterable<string>, epoch: number): Promise<Map<string, RegistryChange[]>>;
  /**
   * Every change of any hotspot that counts from an epoch after `after`, up to `through`, in order of epoch and key; also
   * of hotspots that are forgotten, once the epoch has begun.
   */
  changeRecords(after: number, through: number): Promise<ChangeRecord[]>;
  /** Epoch of the first bundle that these hotspots are in; those that are in none are left out. */
  shownSince(ids: Iterable<string>): Promise<Map<string, number>>;
  /**
   * Hotspots that are in a bundle and have a change that counts from an epoch after `after`, up to `through`, or such a
   * commitment to a chain from `fromChain` on.
   */
  shownAndChanged(after: number, through: number, fromChain: number): Promise<string[]>;
  /**
   * Forgets at most `limit` hotspots that are in no bundle, nor have a report that will be: those of which nothing has
   * come since `beforeMs`, and beyond the newest `keep` the oldest. Costs as much as there are hotspots in no bundle.
   * @returns the ids of those that are forgotten
   */
  forgetUnshown(which: UnshownHotspots): Promise<string[]>;

  /** Keeps what a hotspot commits to; of each chain the first stays. Forgets those to chains before `fromChain`. */
  addCommitments(
    hotspotId: string,
    commitments: readonly AcceptedCommitment[],
    fromChain?: number,
  ): Promise<void>;
  /** Of these hotspots the commitments that count in an epoch, by default all, in order of chain. */
  commitments(ids: Iterable<string>, epoch?: number): Promise<Map<string, AcceptedCommitment[]>>;

  /** Keeps the signed message beside its fields. */
  addDenial(denial: Denial, message: Uint8Array): Promise<void>;
  /** In the order in which they were added. */
  denials(): Promise<StoredDenial[]>;
  /** Keeps the signed message beside its fields. */
  addParameters(parameters: NetworkParameters, message: Uint8Array): Promise<void>;
  /** Every version, ascending. */
  parametersVersions(): Promise<StoredParameters[]>;

  /** Keeps the signed message beside its fields. */
  addEntropy(entropy: Entropy, message: Uint8Array): Promise<void>;
  latestEntropy(): Promise<{ entropy: Entropy; message: Uint8Array } | undefined>;
  /** The first with this index or a later one. */
  firstEntropy(fromIndex: number): Promise<{ entropy: Entropy; message: Uint8Array } | undefined>;
  entropyRange(firstIndex: number, lastIndex: number): Promise<{ entropy: Entropy; message: Uint8Array }[]>;

  /** Result of judging all reports of one index; also moves `judgedThrough` on to it. */
  addJudgement(
    entropyIndex: number,
    verdicts: readonly StoredVerdict[],
    proven: readonly StoredBeacon[],
    contacts: readonly StoredContact[],
  ): Promise<void>;
  /**
   * Latest contacts of these hotspots with beacons of an index below this one, which lies in an epoch that is not closed.
   * Hotspots without any are left out. Costs as much as there are ids.
   */
  contactsBefore(hotspotIds: Iterable<string>, beforeIndex: number): Promise<Map<string, LatestContacts>>;
  /** Verdicts on reports that came when their index had been judged. */
  addLateVerdicts(verdicts: readonly StoredVerdict[]): Promise<void>;
  /** Highest entropy index judged, or undefined before the first. */
  judgedThrough(): Promise<number | undefined>;
  /** Lowest index above `after` with an entropy or a report: between them there is nothing to judge. */
  nextIndex(after: number): Promise<number | undefined>;
  verdict(packetId: string): Promise<StoredVerdict | undefined>;
  /** Which of these packets have a verdict. */
  judgedAmong(packetIds: Iterable<string>): Promise<Set<string>>;
  /** All, or those of these hotspots. */
  verdictsOfEpoch(epoch: number, hotspotIds?: Iterable<string>): Promise<StoredVerdict[]>;
  /** Newest first. */
  verdictsOfHotspot(hotspotId: string, page: Page): Promise<StoredVerdict[]>;
  provenOfEpoch(epoch: number): Promise<StoredBeacon[]>;
  /** Newest first. */
  recentBeacons(page: Page): Promise<StoredBeacon[]>;
  /** Verdicts about one beacon. */
  verdictsOfBeacon(beaconKey: string): Promise<StoredVerdict[]>;

  /**
   * Records a closed epoch, its payments and who heard whom; deletes edges of epochs before `edgesFrom`, and contacts that
   * are not the latest any more, up to this epoch.
   * @param shown hotspots that the epoch's bundle shows
   */
  addEpoch(
    epoch: StoredEpoch,
    payments: readonly StoredPayment[],
    edges: readonly EdgeEvidence[],
    edgesFrom: number,
    shown?: readonly string[],
  ): Promise<void>;
  /** Edges from and to a hotspot, by epoch, then beaconer, then witness. */
  edgesOf(hotspotId: string): Promise<StoredEdge[]>;
  latestEpoch(): Promise<StoredEpoch | undefined>;
  epoch(epoch: number): Promise<StoredEpoch | undefined>;
  /** Newest first. */
  epochs(page: Page): Promise<StoredEpoch[]>;
  /** Payments of an epoch, in order of hotspot id (the order of the tree's leaves before sorting). */
  payments(epoch: number): Promise<StoredPayment[]>;
  /** That of one hotspot. */
  payment(epoch: number, hotspotId: string): Promise<StoredPayment | undefined>;

  /** Keeps only the newest: an older one is behind in `sentAtMs` and in number. */
  putStatus(hotspotId: string, status: StatusPacket, receivedAtMs: number): Promise<void>;
  /** `putStatus` for many at once. */
  putStatuses(statuses: readonly ReceivedStatus[]): Promise<void>;
  /** The broker reports that the session broke: until the next status packet the hotspot is offline. */
  markOffline(hotspotId: string, atMs: number): Promise<void>;
  /** Statuses of these hotspots; those that sent none are left out. Cost grows with the number of ids alone. */
  statuses(hotspotIds: Iterable<string>): Promise<Map<string, HotspotStatus>>;
  /**
   * Status packets of a hotspot that were received by then: the newest `limit` of those among its newest 2000 packets,
   * in order of number.
   */
  statusesUntil(hotspotId: string, receivedByMs: number, limit: number): Promise<HotspotStatus[]>;
  /** Devices that a hotspot sent readings of, in order of name, with their newest reading up to `untilMs`. */
  readingSources(hotspotId: string, untilMs: number, limit: number): Promise<ReadingSource[]>;
  /** The newest `limit` readings of a source in a range of time, oldest first. */
  readingsOf(hotspotId: string, source: string, range: ReadingRange): Promise<StoredReading[]>;

  /**
   * Revokes what was made later than `nowMs` by a clock that was ahead, in one transaction: entropy, epochs that are not
   * over (they are open again), changes of hotspots, denials, and parameters that are not in force yet. Later receive
   * times become `nowMs`. Open epochs are judged again. Signed messages are archived. Undefined, and nothing changed, when
   * there is no later entropy.
   * @param contactsBefore the contacts that an epoch's bundle lists: closing the epoch has overwritten them here
   */
  revokeAfter(
    nowMs: number,
    fixed: Pick<
      NetworkParameters,
      "entropyPeriodMs" | "epochPeriods" | "reportDeadlineMs" | "revealDeadlineMs"
    >,
    contactsBefore: (bundle: string) => ReadonlyMap<string, LatestContacts>,
  ): Promise<Revoked | undefined>;

  /**
   * Revokes what was not announced in time: changes of hotspots and denials made at `sinceMs` or later that count from
   * `untilEpoch` or before, and parameters from a version on. Signed messages are archived.
   */
  revokeUnannounced(which: {
    sinceMs: number;
    untilEpoch: number;
    versionsFrom: number | undefined;
    nowMs: number;
  }): Promise<Pick<Revoked, "hotspots" | "denials">>;

  /** Entries of the network's log. */
  logSize(): Promise<number>;
  /** From a position on; fewer at the end. */
  logEntries(first: number, count: number): Promise<StoredLogEntry[]>;
  /** Of several (one was revoked) the newest. */
  newestLogEntry(kind: LogKind, number: number): Promise<StoredLogEntry | undefined>;
  /** All of that kind: few, made by an operator. */
  logStatements(): Promise<StoredLogEntry[]>;
  /** Roots of full tiles, from one on; level 1 and above. */
  logHashes(level: number, first: number, count: number): Promise<Uint8Array[]>;
  /** The highest number of this kind that is logged and not revoked. */
  logThrough(kind: LogKind): Promise<number | undefined>;
  /** The newest checkpoint, and the newest one that witnesses have cosigned as the policy demands. */
  logNote(which: "newest" | "witnessed"): Promise<string | undefined>;
  /** @throws {RangeError} if the log has another size */
  addToLog(addition: LogAddition): Promise<void>;
  putWitnessedNote(note: string): Promise<void>;

  /** Aborted once another gateway has taken the store over: all writes fail, and the process must end. */
  readonly lost: AbortSignal;
  /**
   * The fencing number by which this process owns the store. Call it before anything is written elsewhere, and
   * periodically: it restores a lock whose connection was lost.
   * @throws {StoreLostError} if another gateway has taken the store over
   */
  checkOwner(): Promise<number>;
  /** Why the newest write failed, in a sentence; undefined when it did not. */
  problem(): string | undefined;

  close(): Promise<void>;
}
