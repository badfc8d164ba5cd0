import { type Clock, readClock, type StatusPacket, toWallTime } from "@earshot/protocol";
import { BoundedMap } from "@earshot/protocol/runtime";
import type { EventHub } from "../monitoring/events.ts";

/** Three status periods of a minute, and some time on the way: a silent hotspot is offline after that. */
export const ONLINE_WITHIN_MS = 200_000;

/** Of others only the stored status counts. */
const MAX_CONNECTIONS = 65_536;

export interface Presence {
  online: boolean;
  lastSeenAtMs: number | null;
}

type Seen = { status: StatusPacket; receivedAtMs: number } | undefined;

/**
 * Who is there: from the newest stored status and from connections as they come and go. The second is quicker but
 * known only to the gateway that holds the connection; whichever is newer counts. Connections are kept by the monotonic
 * clock: one that was made while the clock was ahead must not look newer than what comes after.
 */
export class PresenceBoard {
  readonly #connections = new BoundedMap<string, { online: boolean; elapsedMs: number }>(MAX_CONNECTIONS);

  readonly #clock: Pick<Clock, "now" | "elapsedMs">;

  constructor(events: EventHub, clock: Pick<Clock, "now" | "elapsedMs">) {
    this.#clock = clock;
    events.listen((event) => {
      if (event.kind !== "hotspot") return;
      this.#connections.set(event.hotspotId, { online: event.online, elapsedMs: clock.elapsedMs() });
    });
  }

  of(hotspotId: string, seen: Seen): Presence {
    const present = readClock(this.#clock);
    const connection = this.#connections.get(hotspotId);
    const statusMs = seen?.receivedAtMs ?? Number.NEGATIVE_INFINITY;
    const connectionMs =
      connection === undefined ? Number.NEGATIVE_INFINITY : toWallTime(connection.elapsedMs, present);
    const lastSeenAtMs = Math.max(statusMs, connectionMs);
    if (!Number.isFinite(lastSeenAtMs)) return { online: false, lastSeenAtMs: null };
    const says = connectionMs > statusMs ? connection?.online === true : seen?.status.state === "online";
    return { online: says && present.nowMs - lastSeenAtMs <= ONLINE_WITHIN_MS, lastSeenAtMs };
  }
}
