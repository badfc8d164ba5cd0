import { h } from "./dom.js";
import { duration, grouped } from "./format.js";
import { age, empty, facts } from "./parts.js";
import { flagsText, lossesText, machineText, radioText, trafficText } from "./status-words.js";

const KEY_PLACES = { here: "on the machine of its radios", elsewhere: "on another machine than its radios" };
const FIXES = ["unknown", "no fix", "2D fix", "3D fix"];

/** What a hotspot last said of itself. */
export function statusCard({ status, radioTraffic, losses }) {
  if (status === null) {
    return h(
      "section",
      { class: "card" },
      h("h2", {}, "Status"),
      empty("No status yet", "The agent reports once a minute while it is connected."),
    );
  }
  const { radio, machine, gnss } = status;
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Status"),
    facts([
      ["Reported", age(status.receivedAtMs)],
      ["Running for", duration(status.uptimeS * 1000)],
      ["Agent", status.version],
      ["Radio", radioText(radio)],
      radioTraffic === null ? ["Heard", undefined] : ["Heard", heard(radioTraffic)],
      ["GPS", gnss === null ? "none attached" : gpsText(gnss)],
      [
        "GPS warnings",
        gnss === null || gnss.integrityFlags === 0 ? undefined : flagsText(gnss.integrityFlags),
      ],
      ["Machine", machine === null ? undefined : machineText(machine)],
      [
        "Supply",
        machine?.underVoltage === true ? "too weak: the voltage falls below what it needs" : undefined,
      ],
      ["Key", KEY_PLACES[status.keyHeld]],
      ["Waiting to be sent", grouped(status.outboxQueued)],
      ["Refused or lost", losses === null || losses.counts.length === 0 ? undefined : lost(losses)],
      ["Dropped unsent", status.outboxDropped === 0 ? undefined : grouped(status.outboxDropped)],
    ]),
  );
}

const gpsText = ({ fixMode, satellitesUsed, horizontalErrorM }) =>
  [
    FIXES[fixMode] ?? FIXES[0],
    `${satellitesUsed} satellites`,
    horizontalErrorM !== null && `±${horizontalErrorM}\u202fm`,
  ]
    .filter(Boolean)
    .join(", ");

const heard = (traffic) => [trafficText(traffic), settled(traffic.untilMs)];

const lost = (losses) => [lossesText(losses), settled(losses.atMs)];

const settled = (untilMs) =>
  h(
    "span",
    { class: "muted", title: "Published once no report about it counts any more" },
    ", until ",
    age(untilMs),
  );
