import type { LinuxReading, RadioStatus } from "@earshot/drivers";
import {
  encodePacket,
  type Gnss,
  HOTSPOT_FORMATS,
  type KeyPlace,
  lossList,
  type MachineSummary,
  PACKET_LIMITS,
  PacketFieldError,
  type RadioSummary,
  type Range,
  readClock,
  roundWithin,
  type StatusPacket,
} from "@earshot/protocol/hotspot";
import { type CoreContext, makePacket, storePacket } from "../core/core-context.ts";
import { pauseOrWake, type Wakeup } from "../time/wakeup.ts";

/** Makes a status packet each period of a session with the broker, the first at once: old statuses are of no use. */
export async function reportStatus(
  context: CoreContext,
  gnss: () => Gnss | null,
  connected: Wakeup,
  signal: AbortSignal,
): Promise<void> {
  const { board, clock, config } = context;
  await connected.wait(signal);
  while (!signal.aborted) {
    if (board.links.get("broker").state === "ok") {
      await storePacket(context, "status", (sequence) => statusPacket(context, sequence, "online", gnss()));
    }
    await pauseOrWake(clock, config.statusPeriodMs, connected, signal);
  }
}

/** The agent's state as a signed packet. The one with state `offline` and number 0 is the broker's last will. */
export function statusPacket(
  context: CoreContext,
  sequence: number,
  state: StatusPacket["state"],
  gnss: Gnss | null,
): Uint8Array {
  const { config, clock, version, startedElapsedMs, outbox, board, commitments, networkClock } = context;
  const present = readClock(clock);
  const { nowMs: atMs, elapsedMs } = present;
  const { queued, dropped } = outbox.state();
  const packet: StatusPacket = {
    type: "status",
    sequence,
    atMs,
    state,
    uptimeS: Math.floor((elapsedMs - startedElapsedMs) / 1000),
    version,
    radio: radioSummary(board.radio.statuses(present)),
    gnss,
    outboxQueued: queued,
    outboxDropped: dropped,
    assertion: config.hotspot,
    machine: machineSummary(board.machineReading(elapsedMs, MACHINE_FRESH_MS)),
    losses: lossList(board.losses.counts()),
    keyHeld: keyPlace(context),
    formats: HOTSPOT_FORMATS,
    commitments: commitments.announced(networkClock.window(elapsedMs)),
  };
  try {
    return makePacket(context, packet);
  } catch (error) {
    if (!(error instanceof PacketFieldError)) throw error;
    // Without a status no receipt comes and no session begins, so one without the details is made.
    const bare = { radio: null, gnss: null, assertion: null, machine: null, losses: null };
    return encodePacket({ ...packet, ...bare }, context.signer, config.network.name);
  }
}

/** On another machine than the radios: by the file system of its file, or by where packet forwarders speak from. */
function keyPlace({ board, isKeyRemote }: CoreContext): KeyPlace | null {
  if (isKeyRemote) return "elsewhere";
  const radio = board.devices.probe("radio");
  if (radio === undefined) return null;
  if (radio.forwarders === undefined) return "here";
  const known = radio.forwarders().filter(({ isOnThisMachine }) => isOnThisMachine !== undefined);
  if (known.length === 0) return null;
  return known.every(({ isOnThisMachine }) => isOnThisMachine) ? "here" : "elsewhere";
}

const UINT32 = 2 ** 32;

/** All concentrators as one radio: sums of counts and channels, the worst of the rest. Counters wrap at 2^32. */
function radioSummary(statuses: readonly RadioStatus[]): RadioSummary | null {
  if (statuses.length === 0) return null;
  const valuesOf = (field: keyof RadioStatus) =>
    statuses.map((status) => status[field]).filter((value) => typeof value === "number");
  const sum = (field: keyof RadioStatus) => valuesOf(field).reduce((total, value) => total + value, 0);
  const most = (field: keyof RadioStatus) =>
    valuesOf(field).length === 0 ? undefined : Math.max(...valuesOf(field));
  const least = (field: keyof RadioStatus) =>
    valuesOf(field).length === 0 ? undefined : Math.min(...valuesOf(field));
  return {
    rxOk: sum("rxOk") % UINT32,
    rxBad: sum("rxBad") % UINT32,
    transmitted: sum("transmitted") % UINT32,
    ackPermille: scaled(least("ackPercent"), 10, PACKET_LIMITS.ackPermille),
    temperatureDc: scaled(most("temperatureC"), 10, PACKET_LIMITS.temperatureDc),
    channels: scaled(
      valuesOf("channels").length === 0 ? undefined : sum("channels"),
      1,
      PACKET_LIMITS.channels,
    ),
    spreadingFactors: scaled(most("spreadingFactors"), 1, PACKET_LIMITS.spreadingFactors),
  };
}

/** The machine is read each minute. */
const MACHINE_FRESH_MS = 180_000;

function machineSummary(reading: LinuxReading | undefined): MachineSummary | null {
  if (reading === undefined) return null;
  const { cpuTemperatureC, load1min, cores, diskTotalBytes, diskFreeBytes, underVoltage } = reading;
  const load = load1min === null || cores === null ? undefined : load1min / cores;
  const used =
    diskTotalBytes === null || diskFreeBytes === null ? undefined : 1 - diskFreeBytes / diskTotalBytes;
  return {
    cpuTemperatureDc: scaled(cpuTemperatureC ?? undefined, 10, PACKET_LIMITS.cpuTemperatureDc),
    loadPermille: scaled(load, 1000, PACKET_LIMITS.loadPermille),
    diskUsedPermille: scaled(used, 1000, PACKET_LIMITS.diskUsedPermille),
    underVoltage,
  };
}

/** `value` times `factor`, rounded, or null when it is unknown or out of range. */
const scaled = (value: number | undefined, factor: number, range: Range): number | null =>
  roundWithin((value ?? Number.NaN) * factor, range);
