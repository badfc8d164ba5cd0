import { hotspotId, logTo, signerFromSeed } from "@earshot/protocol";
import { ManualClock, seededRandom } from "@earshot/protocol/testing";
import { StatusBoard } from "../board/status-board.ts";
import { Concentrators } from "../core/concentrators.ts";
import type { CoreContext } from "../core/core-context.ts";
import { HeldBeacons } from "../core/held-beacons.ts";
import { NetworkClock } from "../core/network-clock.ts";
import { OwnCommitments } from "../core/own-commitments.ts";
import { PinnedKeys } from "../core/pinned-keys.ts";
import { SentStatuses } from "../core/sent-statuses.ts";
import { memoryOutbox } from "../outbox/memory-outbox.ts";
import { Wakeup } from "../time/wakeup.ts";

/** What one part of an agent runs on by itself, in virtual time, and what it logs. */
export function testContext(): { context: CoreContext; clock: ManualClock; logged: string[] } {
  const clock = new ManualClock();
  const logged: string[] = [];
  const signer = signerFromSeed(new Uint8Array(32).fill(1));
  const network = { name: "test", publicKey: signerFromSeed(new Uint8Array(32).fill(9)).publicKey };
  const hotspot = {
    latE7: 0,
    lonE7: 0,
    elevationM: 0,
    antennaGainDdbi: 0,
    region: "EU868",
    payee: null,
  } as const;
  const networkClock = new NetworkClock();
  const outbox = memoryOutbox({ clock });
  const context: CoreContext = {
    ...{ clock, signer, isKeyRemote: false, hotspotId: hotspotId(signer.publicKey), random: seededRandom(1) },
    config: { network, hotspot, maxPowerDbm: 14, statusPeriodMs: 60_000, readingPeriodMs: 300_000 },
    log: logTo((level, message) => logged.push(`${level} ${message}`)),
    ...{ version: "test", startedElapsedMs: 0, board: new StatusBoard(), outbox },
    keys: new PinnedKeys(network, outbox),
    ...{ concentrators: new Concentrators(), sentStatuses: new SentStatuses(), toPublish: new Wakeup() },
    networkClock,
    commitments: new OwnCommitments(signer, network.name),
    held: new HeldBeacons(networkClock, clock),
  };
  return { context, clock, logged };
}
