import type { GpsReading, SocketAddress } from "@earshot/drivers";
import { presentOf, silentLog, wallTimeOf } from "@earshot/protocol/hotspot";
import type { Terminal } from "../cli/terminal.ts";
import type { Config } from "../config/config.ts";
import { gpsOpener } from "../devices/open-gps.ts";
import { radioOpener } from "../devices/open-radio.ts";
import { gpsPart, type ReceiverFacts } from "../health/gps.ts";
import { attention, broken, ok, type Part } from "../health/part.ts";
import { errorText } from "../time/error-text.ts";
import { firstWithin } from "../time/first-within.ts";
import { pause } from "../time/pause.ts";

const GPS_LIMIT_MS = 10_000;
/** Forwarders send PULL_DATA each 5 s, some each 10 s. */
const FORWARDER_LIMIT_MS = 12_000;
const POLL_MS = 200;

/** Listens until the receiver has a fix, or the time is up; then says what came, as the page would. */
export async function checkGps(config: Config, { clock, signal }: Terminal): Promise<Part> {
  const open = gpsOpener(config.gps, clock);
  if (open === undefined) return ok("GPS", "none is configured");
  const sinceElapsedMs = clock.elapsedMs();
  const { type } = config.gps;
  const partOf = (facts: Omit<ReceiverFacts, "type" | "sinceMs">) => {
    const { latE7, lonE7 } = config.core.hotspot;
    const surroundings = { atMs: clock.now(), hotspot: { asserted: { latE7, lonE7 } } };
    // It was waited for as long as it will be.
    const sinceMs = wallTimeOf(sinceElapsedMs - GPS_LIMIT_MS, presentOf(clock));
    return gpsPart({ type, sinceMs, ...facts }, surroundings);
  };
  let last: GpsReading | undefined;
  try {
    const gps = await open(signal);
    const hasFix = (reading: GpsReading) => {
      last = reading;
      return reading.mode >= 2;
    };
    await firstWithin(gps, hasFix, clock, GPS_LIMIT_MS);
    if (last === undefined) {
      const { badFrames, garbageBytes } = gps.counts();
      const hint = gps.hint?.();
      return partOf({ state: "searching", badFrames, garbageBytes, ...(hint === undefined ? {} : { hint }) });
    }
  } catch (error) {
    const { advice } = partOf({ state: "lost" });
    return {
      title: "GPS",
      health: "broken",
      text: errorText(error),
      ...(advice === undefined ? {} : { advice }),
    };
  }
  const { satellites, ...reading } = last;
  return partOf({ state: "ok", lastAtMs: clock.now(), reading: { ...reading, inView: satellites.length } });
}

/** Opens the radio: waits for a packet forwarder to ask for work, or for a modem to say that it listens. */
export function checkRadio(config: Config, terminal: Terminal): Promise<Part> {
  const { lora } = config;
  return "listen" in lora
    ? checkForwarder(config, terminal, lora.listen)
    : checkModem(config, terminal, lora.device);
}

async function checkModem({ lora }: Config, { clock, signal }: Terminal, device: string): Promise<Part> {
  try {
    const modem = await radioOpener(lora, clock, silentLog)(signal);
    const status = await firstWithin(modem, ({ kind }) => kind === "radio", clock, FORWARDER_LIMIT_MS);
    if (status !== undefined) return ok("Radio", `${lora.type} at ${device} listens`);
  } catch (error) {
    const advice = `Check the modem's cable and power, and type, device and baud in [lora].`;
    return broken("Radio", errorText(error), advice);
  }
  const text = `${lora.type} at ${device} did not begin to listen in ${FORWARDER_LIMIT_MS / 1000} s`;
  return broken("Radio", text, "Check the modem's cable and power, and type, device and baud in [lora].");
}

/** Binds the port and waits for a packet forwarder to ask for work. */
async function checkForwarder(
  config: Config,
  terminal: Terminal,
  { host, port }: SocketAddress,
): Promise<Part> {
  const { clock, signal } = terminal;
  try {
    const radio = await radioOpener(config.lora, clock, silentLog)(signal);
    try {
      terminal.error(`Waiting for a packet forwarder at ${radio.name}\n`);
      const endElapsedMs = clock.elapsedMs() + FORWARDER_LIMIT_MS;
      const asksForWork = () => radio.forwarderFacts?.().some(({ canTransmit }) => canTransmit);
      while (clock.elapsedMs() < endElapsedMs && !asksForWork()) {
        if (!(await pause(clock, POLL_MS, signal))) break;
      }
      const forwarders = radio.forwarderFacts?.() ?? [];
      const able = forwarders.find(({ canTransmit }) => canTransmit);
      if (able !== undefined) return ok("Radio", `packet forwarder ${able.gatewayEui} asks for work`);
      if (forwarders.length > 0) {
        const text = `packet forwarder ${forwarders[0]?.gatewayEui} sends, but does not ask for work`;
        return attention("Radio", text, `Set its "serv_port_down" to ${port}, or it cannot send beacons.`);
      }
    } finally {
      await radio.close();
    }
  } catch (error) {
    const advice = `Port ${port} must be free: stop the agent and any other program on it, or change [lora] listen.`;
    return broken("Radio", errorText(error), advice);
  }
  return broken(
    "Radio",
    `no packet forwarder spoke to ${host}:${port} in ${FORWARDER_LIMIT_MS / 1000} s`,
    `Set its "server_address" to this machine and both "serv_port" to ${port}, and start it.`,
  );
}
