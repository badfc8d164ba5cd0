import type { OpenSensor, ReferenceStationReading, SensorReading } from "@earshot/drivers";
import { sensorKey } from "../board/status-board.ts";
import type { CoreContext } from "../core/core-context.ts";
import type { ReadingSummary } from "../reports/reading-packets.ts";
import { StationMinutes } from "../reports/station-minutes.ts";
import { supervise } from "./supervise.ts";

export type AgentSensor = OpenSensor & {
  /** Path of its serial port. */
  port?: string;
};

/** One of the `[[sensors]]`. */
export interface SensorDevice {
  /** Unique on this hotspot; the source of its reading packets. */
  name: string;
  /** As in the configuration; shown to people. */
  type: string;
  /** `192.168.1.50:502`, where it is reached over the network; shown to people. */
  host?: string;
  /** @param memory what its driver last wanted to be kept, also before a restart */
  open(signal: AbortSignal, memory: string | undefined): Promise<AgentSensor>;
  /** One that sends nothing for so long is opened again. */
  silenceLimitMs: number;
}

/** A sensor that is kept open: `run` does, `report` writes what it measured into a packet. */
export interface RunningSensor {
  report(): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

export function runningSensor(
  context: CoreContext,
  device: SensorDevice,
  summary: ReadingSummary,
): RunningSensor {
  const { board, outbox } = context;
  const { name, silenceLimitMs } = device;
  const minutes = new StationMinutes(() => board.losses.add("readings_flood"));
  let open: AgentSensor | undefined;
  let kept = outbox.recall(sensorKey(name));
  const keep = () => {
    const memory = open?.memory?.();
    if (memory === undefined || memory === kept) return;
    try {
      outbox.remember(sensorKey(name), memory);
      kept = memory;
    } catch {
      // The outbox reports what is wrong with it; with the next report it is tried again.
    }
  };
  const add = (quantities: Readonly<Record<string, number>>, elapsedMs: number) => {
    board.sensors.add(name, quantities, elapsedMs);
    summary.addAll(quantities);
  };
  const supervised = {
    key: sensorKey(name),
    open: (signal: AbortSignal) => device.open(signal, kept),
    onChange(sensor: AgentSensor | undefined) {
      if (sensor === undefined) keep();
      open = sensor;
    },
    onReading(reading: SensorReading | ReferenceStationReading, elapsedMs: number) {
      if (reading.kind === "sensor") add(reading.quantities, elapsedMs);
      else for (const quantities of minutes.add(reading, elapsedMs)) add(quantities, elapsedMs);
    },
    probe: (sensor: AgentSensor) => ({
      name: sensor.name,
      counts: () => sensor.counts(),
      ...(sensor.port === undefined ? {} : { port: sensor.port }),
    }),
    silenceLimitMs,
  };
  return {
    report: async () => {
      keep();
      await summary.report();
    },
    run: (signal) => supervise(context, supervised, signal),
  };
}
