import type { BeaconPacket, HeardWitness } from "../packet/packet.ts";
import type { EpochInputs } from "./epoch-context.ts";
import { Scenario, verdictOn } from "./scenario.ts";
import type { Verdict } from "./types.ts";

/** Reason and measured numbers: all that a test of a rule compares. */
export type Outcome = { reason: string } & Record<string, unknown>;

/** What a trial may differ in from an honest round of two stations. */
export interface Circumstances {
  scenario?: Scenario;
  inputs?: Partial<EpochInputs>;
  /** How long after its own time the report arrives; by default when an honest one does. */
  delayMs?: number;
  /** Of the report; as it is written now when absent. */
  version?: number;
}

/** The verdict on a beacon report that differs from an honest one in `change`; one witness heard it. */
export function tryBeacon(
  change: Partial<BeaconPacket> = {},
  { scenario = new Scenario(), inputs, delayMs, ...how }: Circumstances = {},
): Outcome {
  const packet = { ...scenario.beacon(0), ...change };
  const arrival = delayMs === undefined ? {} : { receivedAtMs: packet.atMs + delayMs };
  const report = scenario.receive(0, packet, { ...arrival, ...how });
  const witness = scenario.receive(1, scenario.witness(1, 0, packet));
  return outcome(verdictOn(scenario.judge([report, witness], inputs), report));
}

type WitnessChange = Partial<HeardWitness> | ((honest: HeardWitness) => Partial<HeardWitness>);

/** The verdict on one witness report that differs from an honest one in `change`, its beacon in `beacon`. */
export function tryWitness(
  change: WitnessChange = {},
  {
    scenario = new Scenario(),
    inputs,
    delayMs = 30_000,
    beacon = {},
    ...how
  }: Circumstances & { beacon?: Partial<BeaconPacket> } = {},
): Outcome {
  const sent = scenario.beacon(0);
  const honest = scenario.witness(1, 0, sent);
  const packet = { ...honest, ...(typeof change === "function" ? change(honest) : change) };
  const report = scenario.receive(1, packet, { receivedAtMs: packet.atMs + delayMs, ...how });
  const reports = [scenario.receive(0, { ...sent, ...beacon }), report];
  return outcome(verdictOn(scenario.judge(reports, inputs), report));
}

export const outcome = ({ reason, measurements }: Pick<Verdict, "reason" | "measurements">): Outcome => ({
  reason,
  ...Object.fromEntries(measurements.map(({ name, value }) => [name, value])),
});
