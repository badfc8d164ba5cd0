import { expect, test } from "bun:test";
import type { LossReason } from "@earshot/protocol";
import type { AgentStatus, RadioSetup } from "../board/agent-status.ts";
import { beaconPart } from "./beacon.ts";
import { refusalProblem } from "./refusals.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const UDP: RadioSetup = { type: "semtech-udp", listen: { host: "127.0.0.1", port: 1700 } };
const MODEM: RadioSetup = { type: "rak3172" };

function advice(reason: LossReason, setup: RadioSetup): string {
  const beaconing = { sent: 0, lostInARow: 3, loss: { reason, why: "TX_POWER", atMs: NOW_MS } };
  const status = { atMs: NOW_MS, radio: { setup }, beaconing } as unknown as AgentStatus;
  return beaconPart(status).advice ?? "";
}

test("the advice for a refused beacon fits the radio: a modem has no packet forwarder and no global_conf.json", () => {
  expect(advice("beacon_tx_power", UDP)).toContain("global_conf.json");
  expect(advice("beacon_tx_power", MODEM)).toContain("antenna_gain_dbi");
  expect(advice("beacon_unanswered", MODEM)).toContain("supply and line");
  expect(advice("beacon_clock", MODEM)).toContain("timedatectl");
  expect(advice("beacon_no_forwarder", UDP)).toContain('"serv_port_up" and "serv_port_down" to 1700');
  for (const reason of [
    "beacon_tx_power",
    "beacon_unanswered",
    "beacon_collision",
    "beacon_tx_freq",
  ] as const) {
    expect(advice(reason, MODEM)).not.toMatch(/packet forwarder|global_conf/);
  }
});

test("a program whose frames cannot be read is named", () => {
  const refusals = { frames: 100, refused: 100, reason: "datagram_damaged" as const };
  const adviceOn = (setup: RadioSetup) => refusalProblem("Radio", { refusals, setup })?.advice;
  expect(adviceOn(UDP)).toStartWith("Update the packet forwarder");
  expect(adviceOn({ ...UDP, type: "basics-station" })).toStartWith("Update Basics Station");
  expect(adviceOn(MODEM)).toStartWith("Update the modem's firmware");
});
