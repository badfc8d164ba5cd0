import { h } from "./dom.js";
import { measurement } from "./format.js";
import { age, epochLink, hotspotLink, outcomePill } from "./parts.js";

/**
 * Verdicts as a technician reads them: what was reported, the sentence, the numbers. `about`: "beacon" names whose
 * beacon a report is about, "reporter" who reported.
 */
export const verdictList = (verdicts, nameOf, about = "beacon") =>
  h(
    "ol",
    { class: "verdicts" },
    verdicts.map((verdict) => verdictItem(verdict, nameOf, about)),
  );

function verdictItem(verdict, nameOf, about) {
  const numbers = verdict.measurements.map((each) => h("li", {}, measurement(each)));
  const subject = about === "beacon" ? aboutBeacon(verdict, nameOf) : aboutReporter(verdict, nameOf);
  return h(
    "li",
    { class: `verdict ${verdict.outcome}` },
    h(
      "div",
      { class: "line" },
      outcomePill(verdict.outcome),
      h("span", { class: "subject" }, subject),
      h("span", { class: "when muted" }, age(verdict.beaconAtMs)),
    ),
    verdict.outcome !== "paid" && h("p", { class: "sentence" }, verdict.sentence),
    numbers.length > 0 && h("ul", { class: "numbers", "aria-label": "Measured" }, numbers),
    about === "beacon" && source(verdict),
  );
}

const source = ({ epoch, beaconKey, packetId }) =>
  h(
    "p",
    { class: "source muted" },
    epochLink(epoch),
    " · ",
    h("a", { href: `#/beacons/${beaconKey}` }, "whole beacon"),
    " · ",
    h("a", { href: `/api/v1/verdicts/${packetId}` }, "as JSON"),
  );

function aboutBeacon({ type, beaconer, outcome, reason }, nameOf) {
  if (type === "witness" && beaconer === null) return "Heard a beacon of an unregistered hotspot";
  if (type === "witness") return ["Heard ", hotspotLink(beaconer, nameOf(beaconer))];
  if (outcome === "paid") return "Own beacon, heard by others";
  return reason === "not_heard" ? "Own beacon, heard by nobody" : "Own beacon";
}

const aboutReporter = ({ type, hotspotId }, nameOf) => [
  type === "beacon" ? "Sent by " : "Heard by ",
  hotspotLink(hotspotId, nameOf(hotspotId)),
];
