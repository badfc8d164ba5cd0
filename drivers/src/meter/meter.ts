import type { Clock } from "@earshot/protocol/hotspot";
import type { ByteLink, OpenByteLink } from "../driver.ts";
import { LinkLostError } from "../driver.ts";
import { taskDriver } from "../link/task-driver.ts";
import type { SensorDriver, SensorReading } from "../sensor/sensor-reading.ts";
import type { EnergyEvent, EnergyState } from "./energy-counter.ts";
import { MeterEnergy } from "./energy-counter.ts";
import { METER_MAPS, type MeterMap, type MeterMapName } from "./maps/maps.ts";
import { MeterPoller } from "./meter-poller.ts";
import { ModbusClient, type ModbusCounts } from "./modbus-client.ts";
import { type ModbusFraming, RTU, TCP } from "./modbus-framing.ts";
import { registerMapProblems } from "./register-map.ts";
import type { ReadRegisters } from "./sunspec.ts";

export interface OpenModbusOptions {
  clock: Clock;
  /** Address of the meter: 1 to 247; over TCP 0 to 255. */
  unit: number;
  /** One of `METER_MAPS` or a map of its own. */
  map: MeterMapName | MeterMap;
  /** How often all registers are read; default 10 000. */
  periodMs?: number;
  /** Readings queued for a slow consumer; default 64. */
  capacity?: number;
  /** How long an answer may take; default 1000, on a serial line besides the time its bytes take. */
  timeoutMs?: number;
  /** How often a request without an answer is repeated; default 2. */
  retries?: number;
  /** Periods in a row without any answer until the iteration throws `LinkLostError`; default 5. */
  maxSilentPeriods?: number;
  /** What `state().energy` was before a restart, so that totals go on. */
  energy?: Readonly<Record<string, EnergyState>>;
}

export interface OpenModbusRtuOptions extends OpenModbusOptions {
  /** As the line is set; for how long bytes take and for messages. Default 9600. */
  baudRate?: number;
}

/** What a meter is doing, besides `counts()`. */
export interface MeterState extends ModbusCounts {
  /** As a SunSpec device calls itself, else the name of its map. */
  device: string;
  readings: number;
  /** Periods without an answer so far. */
  silentPeriods: number;
  /** Quantities that this meter does not have. */
  refused: readonly string[];
  energy: Readonly<Record<string, EnergyState>>;
  energyEvents: Readonly<Record<EnergyEvent, number>>;
}

export interface MeterDriver extends SensorDriver {
  state(): MeterState;
}

/** Bits of a character on the line: start, 8 data, parity or second stop, stop. */
const CHARACTER_BITS = 11;
const LONGEST_RTU_BYTES = 256;
/** Cheap RS-485 adapters need it to turn round. */
const MIN_SILENCE_MS = 5;

/** A meter on an RS-485 line, or behind a gateway that passes the line's bytes on. */
export function openModbusRtu(link: ByteLink | OpenByteLink, options: OpenModbusRtuOptions): MeterDriver {
  const { baudRate = 9600, unit, timeoutMs = 1000 } = options;
  check("Unit", unit, 1, 247);
  check("Baud rate", baudRate, 300, 1_000_000);
  const msOf = (characters: number) => Math.ceil((characters * CHARACTER_BITS * 1000) / baudRate);
  return openMeter(link, options, {
    framing: RTU,
    timeoutMs: timeoutMs + msOf(LONGEST_RTU_BYTES),
    silenceMs: Math.max(MIN_SILENCE_MS, msOf(3.5)),
    where: `unit ${unit}, ${baudRate} baud`,
  });
}

/** A meter or inverter with Modbus TCP, mostly port 502. */
export function openModbusTcp(link: ByteLink | OpenByteLink, options: OpenModbusOptions): MeterDriver {
  const { unit, timeoutMs = 1000 } = options;
  check("Unit", unit, 0, 255);
  return openMeter(link, options, {
    framing: TCP,
    timeoutMs,
    silenceMs: 0,
    where: `unit ${unit}, Modbus TCP`,
  });
}

function check(what: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new RangeError(`${what} is ${value}; allowed are whole numbers from ${min} to ${max}`);
}

interface Wire {
  framing: ModbusFraming;
  timeoutMs: number;
  silenceMs: number;
  where: string;
}

function openMeter(link: ByteLink | OpenByteLink, options: OpenModbusOptions, wire: Wire): MeterDriver {
  const { clock, unit, capacity = 64, retries = 2, periodMs = 10_000, maxSilentPeriods = 5 } = options;
  check("Period in ms", periodMs, 1, 86_400_000);
  check("Retries", retries, 0, 100);
  check("Silent periods", maxSilentPeriods, 1, 1_000_000);
  const map = mapOf(options.map);
  const energy = new MeterEnergy(options.energy);
  const client = new ModbusClient({ clock, unit, retries, ...wire });
  const garbageBytes = () => client.counts().garbageBytes;
  const { where } = wire;
  const poller = new MeterPoller({ clock, map, periodMs, maxSilentPeriods, energy, where, garbageBytes });
  const driver = taskDriver<SensorReading>({
    name: `${map.device}, ${where}`,
    capacity,
    counts: () => {
      const { answers, badFrames, garbageBytes } = client.counts();
      return { frames: answers, badFrames, garbageBytes };
    },
    run: (emit, signal) => runMeter({ link, client, poller }, emit, signal),
  });
  const state = (): MeterState => {
    const { device, readings, refused, silentPeriods } = poller;
    const reported = { device, readings, refused, silentPeriods };
    return { ...client.counts(), ...reported, energy: energy.states(), energyEvents: { ...energy.events } };
  };
  return Object.assign(driver, { state });
}

function mapOf(map: MeterMapName | MeterMap): MeterMap {
  if (typeof map !== "string") {
    const problems = map.kind === "registers" ? registerMapProblems(map) : [];
    if (problems.length > 0) throw new RangeError(`Register map cannot be used: ${problems.join("; ")}`);
    return map;
  }
  if (Object.hasOwn(METER_MAPS, map)) return METER_MAPS[map];
  throw new RangeError(`Meter map is "${map}"; allowed are ${Object.keys(METER_MAPS).join(", ")}`);
}

interface Meter {
  link: ByteLink | OpenByteLink;
  client: ModbusClient;
  poller: MeterPoller;
}

/** Reads the link and asks the meter at the same time; whichever fails first ends both. Closes the link once. */
async function runMeter(
  { link, client, poller }: Meter,
  emit: (reading: SensorReading) => void,
  signal: AbortSignal,
): Promise<void> {
  const open = typeof link === "function" ? await link(signal) : link;
  const ended = new AbortController();
  const faults: unknown[] = [];
  // A link that fails to close is gone all the same.
  const close = once(() => open.close().catch(() => {}));
  const end = (fault: unknown) => {
    faults.push(fault);
    ended.abort();
    return close();
  };
  const stop = () => void end(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const read: ReadRegisters = (request) => client.read(request, (bytes) => open.write(bytes), ended.signal);
  await Promise.all([receive(open, client).catch(end), poller.run(read, emit, ended.signal).catch(end)]);
  signal.removeEventListener("abort", stop);
  throw faults[0];
}

function once<T>(task: () => T): () => T {
  let done: { result: T } | undefined;
  return () => {
    done ??= { result: task() };
    return done.result;
  };
}

async function receive(link: ByteLink, client: ModbusClient): Promise<never> {
  for await (const bytes of link) client.receive(bytes);
  throw new LinkLostError("The link to the meter ended");
}
