import { expect, test } from "bun:test";
import { BeaconChains } from "../src/beacon/chain.ts";
import { witnessClaim } from "../src/beacon/frame.ts";
import { Scenario, type Station, verdictOn } from "../src/judging/scenario.ts";
import { reportDeadlineMs } from "../src/time/schedule.ts";

/*
 * Somebody inside the network sees every packet as it comes, and has a hotspot of its own that hears nothing. Until the
 * witnesses' deadline nothing that it has seen helps it to a report that is paid.
 */

/** Station 0 beacons, 1 hears it, 2 is the insider's and hears nothing. */
const scenario = new Scenario();
const sent = scenario.beacon(0);
const heard = scenario.receive(1, scenario.witness(1, 0, sent));
const revealed = scenario.receive(0, sent);
/** A window before, as everybody has seen it revealed. */
const earlier = scenario.beacon(0, scenario.window - 1);
const honest = scenario.witness(2, 0, sent);
const insider = scenario.stations[2] as Station;

/** What it hands in, and what becomes of that. */
const judged = (claim: Uint8Array) => {
  const { frame: _frame, ...rest } = honest;
  const { entropyIndex, shortId } = heard.packet;
  const report = scenario.receive(2, { ...rest, entropyIndex, shortId, claim });
  return verdictOn(scenario.judge([revealed, heard, report]), report).reason;
};

const frameOf = (value: Uint8Array): Uint8Array => scenario.witness(2, 0, { ...sent, value }).frame;

test("who heard it is paid by the same report", () => {
  const report = scenario.receive(2, honest);
  expect(verdictOn(scenario.judge([revealed, heard, report]), report).outcome).toBe("paid");
});

test("another's claim is worth nothing under one's own key", () => {
  expect(judged(heard.packet.claim)).toBe("payload_mismatch");
});

test("nor does a value that was revealed before help, nor one of the insider's own", () => {
  const own = new BeaconChains(insider.signer, scenario.parameters.network);
  for (const value of [earlier.value, own.valueOf(scenario.window)]) {
    expect(judged(witnessClaim(frameOf(value), insider.signer.publicKey))).toBe("payload_mismatch");
  }
  expect(judged(witnessClaim(frameOf(sent.value), insider.signer.publicKey))).toBe("ok");
});

test("once the value is known, the time is over", () => {
  const afterMs = reportDeadlineMs(sent.entropyIndex, scenario.parameters) + 1;
  const report = scenario.receive(2, honest, { receivedAtMs: afterMs });
  expect(verdictOn(scenario.judge([revealed, heard, report]), report).reason).toBe("report_late");
});

test("a beaconer that reveals by the deadline is not paid, nor is anybody for it", () => {
  const receivedAtMs = reportDeadlineMs(sent.entropyIndex, scenario.parameters);
  const early = scenario.receive(0, sent, { receivedAtMs });
  const judgement = scenario.judge([early, heard]);
  expect(verdictOn(judgement, early).reason).toBe("revealed_early");
  expect(verdictOn(judgement, heard).outcome).toBe("refused");
});
