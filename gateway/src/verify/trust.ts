/*
 * What somebody could do, and what shows it: the only list. `verify-epoch` names what is still taken on trust from it,
 * protocol/README.md has it as a table (`bun run docs`), and trust.test.ts tries what it says.
 */

/** What shows a lie, and who looks. */
export const MEANS = {
  /** One bundle contradicts itself. */
  bundle: "the bundle",
  /** The bundles of a network in a row, where the earlier ones are as they were published. */
  row: "the bundles in a row",
  /** What the last entropy before an epoch announced: in its bundle, and in the one before. */
  announced: "what the entropy announced",
  /** Messages that agents were sent and keep: two that differ are proof. */
  agents: "what agents remember",
  /** A public randomness beacon. */
  drand: "drand",
  /** Who reads the log: its checkpoints were cosigned, so nobody can be shown another. `verify-epoch` does not read it. */
  log: "the log, to who reads it",
  /** The hotspot's own receipts (`earshot-agent audit`). */
  receipt: "receipts",
  nothing: "nothing",
} as const;
export type Means = keyof typeof MEANS;

type Liar = "the operator" | "a hotspot" | "hotspots together" | "the network between them";

interface Lie {
  by: Liar;
  what: string;
  /** Any one of them is enough. */
  shownBy: readonly [Means, ...Means[]];
  /** How, or why not. */
  how: string;
}

const by =
  (liar: Liar) =>
  (what: string, shownBy: Lie["shownBy"], how: string): Lie => ({ by: liar, what, shownBy, how });
/** It has every key but the root and the hotspots'. */
const operator = by("the operator");
const hotspot = by("a hotspot");
const together = by("hotspots together");
const network = by("the network between them");

export const LIES = {
  packets_omitted: operator(
    "leave out reports that it confirmed",
    ["receipt"],
    "a receipt names a report that is neither under its index's root nor in the bundle",
  ),
  beacons_omitted: operator(
    "leave out only the beacon reports, so that their witnesses get nothing",
    ["receipt"],
    "the beaconer's receipt, as any other",
  ),
  never_confirmed: operator(
    "take a report and never confirm it",
    ["nothing"],
    "only its sender knows: it keeps the report, sends it again and says so",
  ),
  said_late: operator(
    "say that a report came after its deadline",
    ["receipt"],
    "the receipt gives another time than the bundle",
  ),
  said_early: operator(
    "say that a report came before it was made",
    ["bundle"],
    "nobody can make a report before its entropy; a time after that changes nothing, as long as it is before the deadline",
  ),
  backdated: operator(
    "file a friend's late report as one that came in time",
    ["log"],
    "the index's root was logged when it was judged; before that, nothing shows it",
  ),
  entropy_rewritten: operator(
    "remove minutes from the entropy and sign it anew",
    ["agents", "log"],
    "two signed messages of one period differ; the bundles in a row do not show it, unless an earlier one had the old ones",
  ),
  rules_backdated: operator(
    "make rules after the epoch and date them before",
    ["announced"],
    "the last entropy before the epoch names other parameters",
  ),
  rules_twice: operator(
    "sign a second version of the rules after the epoch",
    ["announced"],
    "the last entropy before the epoch names other parameters",
  ),
  move_backdated: operator(
    "date a hotspot's move, or its registration, before the epoch",
    ["announced"],
    "the last entropy before the epoch names another registry",
  ),
  payee_replayed: operator(
    "take a payee back by an older assertion of its owner",
    ["bundle"],
    "assertions count in the order of their numbers only",
  ),
  place_replayed: operator(
    "take a place back by an older assertion of its owner",
    ["bundle"],
    "assertions count in the order of their numbers, and for an hour only",
  ),
  payee_by_word: operator(
    "give a hotspot a payee by its own word",
    ["bundle"],
    "an owner who asserted a payee is asked; until then the operator's word stands, and is counted as such",
  ),
  denial_backdated: operator(
    "deny a hotspot after the epoch, dated before",
    ["announced"],
    "the last entropy before the epoch names other denials",
  ),
  closed_wrongly: operator(
    "close an epoch before its last draw, or in the future",
    ["bundle"],
    "the time of closing is after that of the last draw's entropy, and not ahead of the reader's clock",
  ),
  begun_anew: operator(
    "begin its chain of epochs anew",
    ["agents", "log"],
    "the entropy that was published does not begin there; whoever has only the new chain sees nothing",
  ),
  epoch_dropped: operator(
    "drop an epoch and say that the network was down",
    ["row", "agents", "log"],
    "there was entropy in that epoch: the bundle before has its first, agents and log have all of it",
  ),
  draw_chosen: operator(
    "choose entropy, and with it who is drawn, after the reports are in",
    ["drand"],
    "a drand round is nobody's choice; an operator's own entropy is its word",
  ),
  two_bundles: operator(
    "show two auditors two bundles of one epoch",
    ["agents", "log"],
    "later entropy names one of the two manifests; with a policy both must be in the log, where who reads it finds two",
  ),
  key_ground: hotspot(
    "choose when and how it beacons",
    ["bundle"],
    "it committed to its values before that epoch's entropy existed",
  ),
  place_asserted: hotspot(
    "assert a place where it is not",
    ["nothing"],
    "the levels that others report bound it; the rules refuse what physics forbids, no more",
  ),
  key_cloned: hotspot(
    "use one key at two places",
    ["bundle"],
    "their sequence numbers meet, and only one report of each number is paid",
  ),
  beacon_copied: network(
    "copy a report of somebody who heard a beacon",
    ["bundle"],
    "a witness commits to frame and own key before the beaconer reveals the frame",
  ),
  ring: together(
    "report beacons of each other without any radio",
    ["nothing"],
    "k keys that tell each other their frames hear each other by their own word",
  ),
  frames_told: together(
    "tell a frame to others who did not hear it",
    ["nothing"],
    "whoever has the frame before the deadline can commit to it",
  ),
  packets_held: network(
    "hold packets back until they are late",
    ["nothing"],
    "the agent keeps them, sends them again and tells that no receipt comes; the operator's word on the time stands",
  ),
  messages_replayed: network(
    "replay or change what the network signed",
    ["bundle"],
    "signatures, chains and times of messages are checked by agents and verifiers",
  ),
} satisfies Record<string, Lie>;
export type LieId = keyof typeof LIES;

/** What an operator could have done without being found out, and what would show it. */
export interface TrustedWord {
  id: string;
  what: string;
  shownBy: string;
}

/** What is taken on trust where only these means were used. */
export const trusted = (means: ReadonlySet<Means>): TrustedWord[] =>
  Object.entries<Lie>(LIES)
    .filter(([, { by: liar, shownBy }]) => liar === "the operator" && !shownBy.some((one) => means.has(one)))
    .map(([id, { what, shownBy }]) => ({ id, what, shownBy: shownBy.map((one) => MEANS[one]).join(" or ") }));

/** The table in protocol/README.md. */
export const trustTable = (): string =>
  [
    "| who | can | what shows it | how, or why not |",
    "| --- | --- | --- | --- |",
    ...Object.values<Lie>(LIES).map(
      ({ by: liar, what, shownBy, how }) =>
        `| ${liar} | ${what} | ${shownBy.map((one) => MEANS[one]).join(", ")} | ${how} |`,
    ),
  ].join("\n");
