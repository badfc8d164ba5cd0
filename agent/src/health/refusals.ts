import { explainLoss, type LossReason } from "@earshot/protocol/hotspot";
import type { RadioFacts, RadioSetup } from "../board/agent-status.ts";
import { softwareOf } from "./forwarders.ts";
import { attention, broken, type Part } from "./part.ts";

/** When all frames are refused, so many show a fault. */
const ENOUGH_FOR_ALL = 5;
/** When a share of them is, so many do. */
const ENOUGH_FOR_SHARE = 10;
const SHARE_ONE_IN = 5;

const oldProgram = (setup: RadioSetup | undefined): string =>
  `Update ${softwareOf(setup)}: what it says is not what its protocol says.`;
/** What to do, by the reason why frames are refused. */
const ADVICE: Partial<Record<LossReason, string>> = {
  frame_crc_unknown:
    'Update the packet forwarder: an old one does not say whether frames arrived whole ("stat"), and damaged ones must not be reported.',
  frame_frequency:
    "Check region in [hotspot] and the concentrator's channels: both must be of one plan. Else update the radio's program.",
  frame_data_rate:
    "Check region in [hotspot] and the concentrator's data rates: both must be of one plan. Else update the radio's program.",
  frame_data:
    "Something damages the frames between concentrator and agent: check the serial cable or the network, and update the packet forwarder or modem.",
};

/** Does the driver accept what the radio's program sends? Frames with a bad checksum are noise and do not count. */
export function refusalProblem(
  title: string,
  { refusals, setup }: Pick<RadioFacts, "refusals" | "setup">,
): Part | undefined {
  if (refusals?.reason === undefined) return undefined;
  const { frames, refused, reason } = refusals;
  const text = `${refused} of the last ${frames} frames were refused: ${explainLoss(reason)}`;
  const advice = ADVICE[reason] ?? oldProgram(setup);
  if (refused === frames) {
    return frames >= ENOUGH_FOR_ALL ? broken(title, text, advice) : attention(title, text, advice);
  }
  const isConsiderable = frames >= ENOUGH_FOR_SHARE && refused * SHARE_ONE_IN >= frames;
  return isConsiderable ? attention(title, text, advice) : undefined;
}

/** EUIs that forwarders are shipped with, or use when they find no network card to make one from. */
const SHIPPED_EUI = /^(?:aa555a0000000\d\d\d|0*|f*|0*fffe0*)$/;

/** Do two concentrators have one EUI? Then counters and transmissions cannot be told apart. */
export function sharedEuiProblem(
  title: string,
  { forwarders = [] }: Pick<RadioFacts, "forwarders">,
): Part | undefined {
  const shared = forwarders.find(({ sharedBy }) => sharedBy !== undefined);
  if (shared?.sharedBy === undefined) return undefined;
  const { gatewayEui, sharedBy } = shared;
  const eui = gatewayEui.toUpperCase();
  const shipped = SHIPPED_EUI.test(gatewayEui) ? ", which is the one it is shipped with" : "";
  const several =
    sharedBy.length > 1 ? `${sharedBy.length} concentrators use` : "More than one concentrator uses";
  return attention(
    title,
    `${several} the EUI ${eui}${shipped}: ${sharedBy.join(", ")}`,
    'Set another "gateway_ID" in the local_conf.json of all but one (Basics Station: "routerid"); until then no counter goes into reports.',
  );
}
