import { h } from "./dom.js";
import { coordinates, grouped } from "./format.js";
import { age, hotspotLink, pill } from "./parts.js";

/** What is on record about a hotspot: denials, who signed its registration, whom it hears. */

const STATES = {
  waiting: "in force from a later epoch",
  in_force: "in force",
  ended: "ended",
  taken_back: "revoked",
  replaced: "replaced by a newer one",
};

const isHolding = ({ state }) => state === "waiting" || state === "in_force";

/** Above all else: a hotspot that is not paid should know it. `id`: whose page it is. */
export function denialNotice(denials, id, nameOf) {
  const holding = denials.filter(isHolding);
  if (holding.length === 0) return undefined;
  return h(
    "section",
    { class: "card denied", role: "note", "aria-label": "Denied" },
    h("h2", {}, "The network denies payment"),
    h(
      "ul",
      {},
      holding.map((denial) => h("li", {}, denialWords(denial, id, nameOf))),
    ),
    h("p", { class: "muted" }, "Ask the operator; what is signed is at ", denialsLink(id)),
  );
}

const denialsLink = (id) => h("a", { href: `/api/v1/denials?hotspot=${id}` }, "the list of denials");

function denialWords({ hotspot, peer, reason, evidence, fromEpoch, untilEpoch }, id, nameOf) {
  const other = hotspot === id ? peer : hotspot;
  const what =
    peer === null
      ? "This hotspot"
      : ["What it and ", hotspotLink(other, nameOf(other)), " report of each other"];
  return [
    h("strong", {}, what),
    `, from epoch ${grouped(fromEpoch)} until ${grouped(untilEpoch)}: ${reason}. `,
    h("span", { class: "muted" }, `Evidence: ${evidence}`),
  ];
}

const LISTED_CHANGES = 6;

/** Above all else too: its reports count no more, and where the hotspot goes on. */
export function retiredNotice({ retired, predecessor }, nameOf) {
  if (retired === null && predecessor === null) return undefined;
  if (retired === null)
    return h(
      "p",
      { class: "muted" },
      "Goes on in the place of ",
      hotspotLink(predecessor, nameOf(predecessor)),
    );
  const { fromEpoch, successor } = retired;
  return h(
    "section",
    { class: "card denied", role: "note", "aria-label": "Key retired" },
    h("h2", {}, successor === null ? "Its key is revoked" : "Its key is replaced"),
    h(
      "p",
      {},
      `Reports signed with it count until epoch ${grouped(fromEpoch)} begins. What it has earned stays claimable.`,
    ),
    successor !== null && h("p", {}, "The hotspot goes on as ", hotspotLink(successor, nameOf(successor))),
  );
}

/** Two agents with one key: each takes the other's numbers. */
export function copiesNotice({ isLikely, agentTurns, reusedNumbers, concentrators }) {
  if (!isLikely) return undefined;
  const signs = [
    agentTurns > 0 && `two agents took turns ${grouped(agentTurns)} times`,
    reusedNumbers > 0 && `${grouped(reusedNumbers)} numbers were used for two packets`,
    concentrators > 1 && `${grouped(concentrators)} concentrators heard for them`,
  ].filter(Boolean);
  return h(
    "section",
    { class: "card denied", role: "note", "aria-label": "Copied key" },
    h("h2", {}, "Two agents use its key"),
    h("p", {}, `Of its newest packets, ${signs.join(", ")}.`),
    h(
      "p",
      { class: "muted" },
      "Its owner ends the other one, or gives the hotspot another key: earshot-agent key rotate",
    ),
  );
}

/** Every change of the registration: when, by whom, from which epoch on. */
export function registryCard(changes, denials) {
  const newest = changes.slice(-LISTED_CHANGES).reverse();
  const hidden = changes.length - newest.length;
  const past = denials.filter((denial) => !isHolding(denial));
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "On record"),
    h("p", { class: "muted" }, "Signed, and used by each epoch as it was then"),
    h(
      "ol",
      { class: "records" },
      newest.map((change, i) => h("li", {}, changeWords(change, changes.at(-2 - i)))),
      past.map((denial) =>
        h(
          "li",
          {},
          h(
            "div",
            { class: "line" },
            h("strong", {}, "Denied"),
            h("span", { class: "muted" }, age(denial.atMs)),
          ),
          h("p", {}, `${denial.reason} (${STATES[denial.state]})`),
        ),
      ),
    ),
    hidden > 0 && h("p", { class: "muted" }, `and ${grouped(hidden)} older`),
  );
}

function changeWords(change, before) {
  return [
    h(
      "div",
      { class: "line" },
      h("strong", {}, changeTitle(change, before)),
      h("span", { class: "muted" }, age(change.atMs)),
    ),
    h("p", {}, differences(change, before).join("; ")),
    h("p", { class: "muted" }, `From epoch ${grouped(change.fromEpoch)} on`),
  ];
}

/** Of a key: the retired one's last change names what goes on, the new one's first change does not. */
function changeTitle({ signedBy, isRetired, successor }, before) {
  if (signedBy === "key" && isRetired) return successor === null ? "Key revoked" : "Key replaced";
  if (signedBy === "key") return "Took another's place";
  const what = before === undefined ? "Registered" : "Changed";
  return `${what} ${signedBy === "operator" ? "by the operator" : "by its owner"}`;
}

/** What a change says, or what it says differently. */
function differences(change, before) {
  const says = (key, text) => (before === undefined || before[key] !== change[key] ? [text] : []);
  const said = [
    ...says("positionCell", coordinates(change.latitude, change.longitude)),
    ...says("elevationM", `antenna ${change.elevationM} m above ground`),
    ...says("antennaGainDbi", `gain ${change.antennaGainDbi} dBi`),
    ...says("region", change.region),
    ...says("payee", change.payee === null ? "no payee" : `paid to ${change.payee}`),
  ];
  return said.length === 0 ? ["the same as before"] : said;
}

const LISTED_EDGES = 12;

/** Whom a hotspot validly hears and who hears it. */
export function edgesCard({ edges, windowEpochs }, nameOf) {
  const rows = edges
    .slice(0, LISTED_EDGES)
    .map(({ peer, heard, heardBy }) =>
      h("tr", {}, h("td", {}, hotspotLink(peer, nameOf(peer))), level(heard), level(heardBy)),
    );
  const hidden = edges.length - rows.length;
  const headings = ["Hotspot", "Heard it", "Heard by it"];
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Who hears whom"),
    h("p", { class: "muted" }, `Valid reports in the last ${grouped(windowEpochs)} closed epochs`),
    rows.length === 0
      ? h("p", {}, "Nobody yet.")
      : h(
          "div",
          { class: "scroll" },
          h(
            "table",
            { class: "edges" },
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                headings.map((text, i) => h("th", { scope: "col", class: i > 0 && "number" }, text)),
              ),
            ),
            h("tbody", {}, rows),
          ),
        ),
    hidden > 0 && h("p", { class: "muted" }, `and ${grouped(hidden)} more`),
  );
}

/** "12 ×" and the level below it, or a dash: one way only is worth a look. */
function level(heard) {
  if (heard === null)
    return h("td", { class: "number muted" }, h("span", { title: "Never in this direction" }, "–"));
  const { rssiMeanDbm, rssiDeviationDb, rssiMinDbm, rssiMaxDbm } = heard;
  const spread =
    `Mean ${rssiMeanDbm}, deviation ${rssiDeviationDb}, from ${rssiMinDbm} to ${rssiMaxDbm} dBm`.replaceAll(
      "-",
      "\u2212",
    );
  const mean = `${Math.round(rssiMeanDbm)} ± ${Math.round(rssiDeviationDb)} dBm`.replaceAll("-", "\u2212");
  return h(
    "td",
    { class: "number" },
    h("b", {}, `${grouped(heard.heard)} ×`),
    h("div", { class: "muted", title: spread }, mean),
  );
}

/** What the newest reports came to, beside being paid. */
export const unpaidPill = (count) => pill("neutral", "dash", `${count} valid, not paid`);
