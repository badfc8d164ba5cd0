import { expect, test } from "bun:test";
import { ManualClock } from "@earshot/protocol/testing";
import { EventHub } from "../monitoring/events.ts";
import { statusPacket } from "../store/test-data.ts";
import { ONLINE_WITHIN_MS, PresenceBoard } from "./presence.ts";

const DAY_MS = 86_400_000;

function setUp() {
  const clock = new ManualClock(Date.UTC(2026, 5, 1));
  const events = new EventHub();
  const presence = new PresenceBoard(events, clock);
  const connects = (online: boolean) =>
    events.emit({ kind: "hotspot", hotspotId: "a", online, atMs: clock.now() });
  const statusNow = () => ({
    status: statusPacket({ atMs: clock.now() }),
    receivedAtMs: clock.now(),
  });
  return { clock, presence, connects, statusNow };
}

test("a connection that ended while the clock was a day ahead does not outweigh a status that came after", async () => {
  const { clock, presence, connects, statusNow } = setUp();
  clock.stepWall(DAY_MS);
  connects(false);
  await clock.advance(60_000);
  clock.stepWall(-DAY_MS);
  const seen = statusNow();
  expect(presence.of("a", seen)).toEqual({ online: true, lastSeenAtMs: seen.receivedAtMs });
});

test("a connection that began before the clock was set ahead is not taken for one of yesterday", async () => {
  const { clock, presence, connects } = setUp();
  connects(true);
  clock.stepWall(DAY_MS);
  expect(presence.of("a", undefined)).toEqual({ online: true, lastSeenAtMs: clock.now() });
  await clock.advance(ONLINE_WITHIN_MS + 1);
  expect(presence.of("a", undefined).online).toBe(false);
});

test("of a status and a connection the newer one says whether a hotspot is there, and neither for longer than it counts", async () => {
  const { clock, presence, connects } = setUp();
  expect(presence.of("a", undefined)).toEqual({ online: false, lastSeenAtMs: null });
  const seen = (state: "online" | "offline") => ({
    status: statusPacket({ atMs: clock.now(), state }),
    receivedAtMs: clock.now(),
  });
  for (const [before, after] of [
    [true, "offline"],
    [false, "online"],
  ] as const) {
    connects(before);
    // In one moment the status counts: it is what the hotspot says itself.
    expect(presence.of("a", seen(after)).online).toBe(!before);
    await clock.advance(1);
    const status = seen(after);
    expect(presence.of("a", status)).toEqual({ online: !before, lastSeenAtMs: clock.now() });
    await clock.advance(1);
    connects(before);
    expect(presence.of("a", status)).toEqual({ online: before, lastSeenAtMs: clock.now() });
  }
  const status = seen("online");
  await clock.advance(ONLINE_WITHIN_MS);
  expect(presence.of("b", status).online).toBe(true);
  await clock.advance(1);
  expect(presence.of("b", status)).toEqual({ online: false, lastSeenAtMs: status.receivedAtMs });
});
