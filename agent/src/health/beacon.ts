import type { LossReason } from "@earshot/protocol/hotspot";
import type { AgentStatus, BeaconingFacts, RadioSetup } from "../board/agent-status.ts";
import { connectAdvice, isModem } from "./forwarders.ts";
import { attention, broken, ok, type Part } from "./part.ts";
import { ago, duration } from "./time-text.ts";

const TITLE = "Beacon";
/** One window may fail by chance. */
const BROKEN_FROM_WINDOWS = 3;

/** What to do, by the reason why the last beacon was lost. */
const ADVICE: Partial<Record<LossReason, string>> = {
  beacon_tx_freq:
    'Set "tx_freq_min" and "tx_freq_max" in the packet forwarder\'s global_conf.json to the band of the region in [hotspot]: they are another region\'s.',
  beacon_tx_power:
    'Complete the table of powers in the packet forwarder\'s global_conf.json ("tx_lut_0" and following, or "tx_gain_lut"): it has none so low as this one. Check antenna_gain_dbi in [hotspot] too.',
  beacon_late:
    "Frames reach the packet forwarder too late: look for a slow network between it and the agent, or a busy computer.",
  beacon_early: "Update the packet forwarder: it takes a frame that is to go at once for one of later.",
  beacon_collision:
    "Another server sends with this concentrator too. If it goes on, restart the packet forwarder, or let that server send less.",
  beacon_gps:
    'The concentrator waits for GPS time: give its GPS antenna a view of the sky, or leave "gps_tty_path" out of global_conf.json.',
  beacon_unanswered:
    "Look at the packet forwarder's log: it crashed while it sent, or its answers do not reach the agent.",
};
/** The same for any radio. */
const ADVICE_OF_ANY: Partial<Record<LossReason, string>> = {
  beacon_no_radio: "Look at the part Radio.",
  beacon_duty_cycle: "Nothing to mend: the band must stay silent for a while after each transmission.",
  beacon_no_entropy: "It comes through the broker: look at the parts Broker and Clock and entropy.",
  beacon_unproven_entropy: "Nothing to mend here: drand did not answer the network's gateway in that period.",
  beacon_late_entropy:
    "Compare this machine's clock with a watch; if it is right, look at the internet connection.",
  beacon_clock: "Set the clock: sudo timedatectl set-ntp true, or run chrony with the GPS.",
};
/** The same for a modem, which has no packet forwarder and no files. */
const MODEM_ADVICE: Partial<Record<LossReason, string>> = {
  beacon_tx_power:
    "The modem has no power so low as this antenna allows: check antenna_gain_dbi in [hotspot], or take an antenna of less gain.",
  beacon_unanswered:
    "Look at the modem's supply and line: it took the frame and did not say that it sent it.",
  beacon_collision: "Nothing to mend: the modem was still busy with what it was told before.",
};
const OTHERS = "Look at the log of the radio's program around that time, and at the part Radio.";
const UNCOMMITTED_ADVICE =
  "A new hotspot waits for the network's answer to its next status. If it stays so, look at the verdicts on its status packets, and for a copy of its key.";
const NEXT = "The next window brings another.";

/** Are beacons sent? After one was lost, that counts until the next is sent. */
export function beaconPart(status: AgentStatus): Part {
  const { schedule, radio, atMs, beaconing, entropy } = status;
  if (radio.cannotBeacon !== undefined) {
    return attention(
      TITLE,
      `None is sent: ${radio.cannotBeacon}`,
      "This hotspot witnesses only. To beacon as well, run a packet forwarder of Semtech UDP, or another radio.",
    );
  }
  const lost = lostPart(status);
  if (lost !== undefined) return lost;
  const lastText = sentText(beaconing, atMs);
  if (schedule === undefined) return attention(TITLE, `${lastText}; the schedule is not known yet`);
  if (schedule.state === "missed") {
    return attention(TITLE, `This window's was missed: ${schedule.reason ?? ""}; ${lastText}`, NEXT);
  }
  if (schedule.state === "committed") {
    return ok(
      TITLE,
      `${lastText}; the first counts in ${duration(schedule.atMs - atMs)}: ${schedule.reason ?? ""}`,
    );
  }
  if (schedule.state === "uncommitted") {
    return attention(TITLE, `None is sent: ${schedule.reason ?? ""}; ${lastText}`, UNCOMMITTED_ADVICE);
  }
  if (schedule.state !== "waiting") return ok(TITLE, lastText);
  const untilMs = schedule.atMs - atMs;
  if (untilMs > 0) return ok(TITLE, `${lastText}; next in ${duration(untilMs)}`);
  if (-untilMs <= (entropy?.validityMs ?? 0)) return ok(TITLE, `${lastText}; the next is due`);
  const text = `This window's is due since ${duration(-untilMs)}, and its entropy has not come; ${lastText}`;
  return attention(TITLE, text, ADVICE_OF_ANY.beacon_no_entropy);
}

function adviceFor(reason: LossReason, setup: RadioSetup | undefined): string {
  if (reason === "beacon_no_forwarder") return connectAdvice(setup);
  if (isModem(setup)) return MODEM_ADVICE[reason] ?? ADVICE_OF_ANY[reason] ?? OTHERS;
  return ADVICE_OF_ANY[reason] ?? ADVICE[reason] ?? OTHERS;
}

function lostPart({ beaconing, radio, atMs: nowMs }: AgentStatus): Part | undefined {
  const { loss, lostInARow } = beaconing;
  if (loss === undefined) return undefined;
  const advice = adviceFor(loss.reason, radio.setup);
  const windows = lostInARow === 1 ? "the last window" : `the last ${lostInARow} windows`;
  const text = `Lost in ${windows}: ${loss.why}; ${sentText(beaconing, nowMs)}`;
  return lostInARow >= BROKEN_FROM_WINDOWS
    ? broken(TITLE, text, advice)
    : attention(TITLE, text, `${advice} ${NEXT}`);
}

const sentText = ({ sent, lastSentAtMs }: BeaconingFacts, nowMs: number): string =>
  lastSentAtMs === undefined ? "none sent yet" : `${sent} sent, the last ${ago(lastSentAtMs, nowMs)}`;
