import type { GpsReading } from "@earshot/drivers";
import { type Clock, readClock, silentLog, toWallTime } from "@earshot/protocol/hotspot";
import { errorText, pause } from "@earshot/protocol/runtime";
import type { RadioRefusalFacts, RadioSetup } from "../board/agent-status.ts";
import type { Config, LoraConfig } from "../config/config.ts";
import { gpsOpener, radioOpener, radioSetup } from "../devices/open-devices.ts";
import type { AgentRadio } from "../devices/run-radio.ts";
import { troubleOf } from "../devices/trouble.ts";
import { connectAdvice, forwarderProblem, programOf } from "../health/forwarders.ts";
import { gpsPart, type ReceiverFacts } from "../health/gps.ts";
import { broken, ok, type Part } from "../health/part.ts";
import { lostRadioAdvice } from "../health/radio.ts";
import type { Terminal } from "../terminal.ts";
import { firstWithin } from "../time/first-within.ts";

const GPS_LIMIT_MS = 10_000;
/** Forwarders send PULL_DATA each 5 s, some each 10 s. */
const FORWARDER_LIMIT_MS = 12_000;
const POLL_MS = 200;

/** Listens until the receiver has a fix, or the time is up; then reports what came, as the page would. */
export async function checkGps(config: Config, { clock, signal }: Terminal): Promise<Part> {
  const open = gpsOpener(config.gps, clock);
  if (open === undefined) return ok("GPS", "none is configured");
  const sinceElapsedMs = clock.elapsedMs();
  const { type } = config.gps;
  const partOf = (facts: Omit<ReceiverFacts, "type" | "sinceMs">) => {
    const { latE7, lonE7 } = config.core.hotspot;
    const surroundings = { atMs: clock.now(), hotspot: { asserted: { latE7, lonE7 } } };
    // It was waited for as long as it will be.
    const sinceMs = toWallTime(sinceElapsedMs - GPS_LIMIT_MS, readClock(clock));
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

/** Opens the radio: waits for a packet forwarder or a station, or for a modem to listen. */
export async function checkRadio(config: Config, terminal: Terminal): Promise<Part> {
  const setup = radioSetup(config.lora);
  let radio: AgentRadio;
  try {
    radio = await radioOpener(config.lora, terminal.clock, silentLog)(terminal.signal);
  } catch (error) {
    const trouble = troubleOf(error);
    const advice = trouble === "address-in-use" ? inUseAdvice(setup) : lostRadioAdvice(setup, trouble);
    return broken("Radio", errorText(error), advice);
  }
  return setup.listen === undefined
    ? checkModem(radio, config.lora, terminal)
    : checkForwarder(radio, setup, terminal);
}

/** The agent that runs has it, in most cases. */
const inUseAdvice = ({ listen }: RadioSetup): string =>
  `Port ${listen?.port} must be free: stop the agent and any other program on it, or change [lora] listen.`;

async function checkModem(modem: AgentRadio, { type }: LoraConfig, { clock }: Terminal): Promise<Part> {
  const what = `${type} at ${modem.port}`;
  try {
    const status = await firstWithin(modem, ({ kind }) => kind === "radio", clock, FORWARDER_LIMIT_MS);
    if (status !== undefined) return ok("Radio", `${what} listens`);
  } catch (error) {
    return broken("Radio", errorText(error), lostRadioAdvice({ type }, troubleOf(error)));
  }
  const text = `${what} did not begin to listen in ${FORWARDER_LIMIT_MS / 1000} s`;
  return broken("Radio", text, lostRadioAdvice({ type }, "silent"));
}

/** Waits until somebody connects; stations try again after a minute at most, so that none need be seen. */
async function checkForwarder(radio: AgentRadio, setup: RadioSetup, terminal: Terminal): Promise<Part> {
  const { clock, signal, error } = terminal;
  const program = programOf(setup);
  const begunElapsedMs = clock.elapsedMs();
  const isAble = () => radio.forwarderFacts?.().find(({ canTransmit }) => canTransmit);
  try {
    error(`Waiting for a ${program} at ${radio.name}\n`);
    while (clock.elapsedMs() - begunElapsedMs < FORWARDER_LIMIT_MS && isAble() === undefined) {
      if (!(await pause(clock, POLL_MS, signal))) break;
    }
    const able = isAble();
    const does = setup.type === "basics-station" ? "is connected" : "asks for work";
    if (able !== undefined) return ok("Radio", `${program} ${able.gatewayEui} ${does}`);
    return connectionProblem(radio, setup, clock);
  } finally {
    await radio.close();
  }
}

function connectionProblem(radio: AgentRadio, setup: RadioSetup, clock: Clock): Part {
  const forwarders = radio.forwarderFacts?.() ?? [];
  const refusal = refusalOf(radio, clock);
  const facts = { setup, forwarders, sinceMs: 0, ...refusal };
  const isAnybody = forwarders.length > 0 || refusal.refused !== undefined;
  const found = forwarderProblem({ radio: facts, atMs: clock.now(), startedAtMs: 0 });
  const { host, port } = setup.listen ?? { host: "", port: 0 };
  const text = `no ${programOf(setup)} spoke to ${host}:${port} in ${FORWARDER_LIMIT_MS / 1000} s`;
  return isAnybody && found !== undefined ? found : broken("Radio", text, connectAdvice(setup));
}

function refusalOf(radio: AgentRadio, clock: Clock): { refused?: RadioRefusalFacts } {
  const refusal = radio.lastRefusal?.();
  if (refusal === undefined) return {};
  const { trouble, host, elapsedMs } = refusal;
  return { refused: { trouble, host, atMs: toWallTime(elapsedMs, readClock(clock)) } };
}
