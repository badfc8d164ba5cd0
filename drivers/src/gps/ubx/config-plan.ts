import {
  DYNAMIC_MODELS,
  type DynamicModel,
  encodeCfgMsg,
  encodeCfgNav5,
  encodeCfgRate,
} from "./cfg-legacy.ts";
import { type ConfigItem, encodeCfgValset } from "./cfg-val.ts";
import {
  KEYS,
  NMEA_OUTPUT,
  type OutputMessage,
  PORT_OFFSETS,
  UBX_OUTPUT,
  UBX_OUTPUT_KEYS,
  type UbxOutputName,
  type UbxPort,
} from "./config-keys.ts";

/** What to set. Every setting is kept in RAM only: a receiver taken from its hotspot is as it was. */
export interface UbxSettings {
  /** Solutions per second, 0.1 to 20; default 1. */
  rateHz?: number;
  /** Default `stationary`: a hotspot does not move, and a receiver that knows it is steadier. */
  dynamicModel?: DynamicModel;
  /** How often each message is sent, once in so many epochs, 0 to 255 (0 never); default `DEFAULT_MESSAGES`. */
  messages?: Partial<Record<UbxOutputName, number>>;
  /** Whether NMEA goes on beside NAV-PVT; default no: both together are too much for 9600 baud. */
  nmea?: boolean;
  /** The receiver's port that the cable is on; default UART 1 and USB both. Generation 8 knows it by itself. */
  port?: UbxPort;
}

/** About 300 bytes a second at one epoch a second, so that it fits 9600 baud. */
const DEFAULT_MESSAGES: Readonly<Partial<Record<UbxOutputName, number>>> = {
  "NAV-PVT": 1,
  "NAV-STATUS": 1,
  "NAV-DOP": 1,
  "NAV-CLOCK": 1,
  "NAV-EOE": 1,
  "TIM-TP": 1,
  "NAV-SAT": 5,
  "MON-HW": 5,
  "MON-RF": 5,
  "SEC-SIG": 5,
  "NAV-TIMELS": 30,
  "TIM-SVIN": 30,
  "NAV-SVIN": 30,
};

/** One setting. Without a required one the receiver is not configured; others not every receiver has. */
export interface ConfigStep {
  name: string;
  required: boolean;
  /** Alternatives, the first that is accepted is used: a key of a port that a receiver lacks spoils a whole message. */
  modern: Uint8Array[];
  /** Messages for generation 8 and earlier, all of which must be accepted. */
  legacy: Uint8Array[];
}

/** @throws {RangeError} for a rate or a message rate that a receiver does not have. */
export function configPlan(settings: UbxSettings): ConfigStep[] {
  const messages = Object.entries(settings.messages ?? DEFAULT_MESSAGES) as [UbxOutputName, number][];
  const steps = [
    rateStep(settings.rateHz ?? 1),
    modelStep(settings.dynamicModel ?? "stationary"),
    ...messages.map(([name, every]) => messageStep(name, every, settings.port)),
  ];
  const hasSolution = (messages.find(([name]) => name === "NAV-PVT")?.[1] ?? 0) > 0;
  return settings.nmea !== true && hasSolution ? [...steps, nmeaOffStep(settings.port)] : steps;
}

/** Lets UBX out of the port: without it the receiver answers nothing. */
export function enableUbx(port: UbxPort | undefined): Uint8Array[] {
  return portChoices(port).map((ports) =>
    encodeCfgValset(ports.map((one) => ({ key: UBX_OUTPUT_KEYS[one], value: 1 }))),
  );
}

function rateStep(rateHz: number): ConfigStep {
  if (!(rateHz >= 0.1 && rateHz <= 20)) throw new RangeError(`Rate is ${rateHz} Hz; allowed are 0.1 to 20`);
  const measurementMs = Math.round(1000 / rateHz);
  const items = [
    { key: KEYS.measurementMs, value: measurementMs },
    { key: KEYS.measurementsPerSolution, value: 1 },
  ];
  return {
    name: "rate",
    required: true,
    modern: [encodeCfgValset(items)],
    legacy: [encodeCfgRate(measurementMs)],
  };
}

function modelStep(model: DynamicModel): ConfigStep {
  const items = [{ key: KEYS.dynamicModel, value: DYNAMIC_MODELS[model] }];
  return {
    name: "dynamic model",
    required: true,
    modern: [encodeCfgValset(items)],
    legacy: [encodeCfgNav5(model)],
  };
}

function messageStep(name: UbxOutputName, every: number, port: UbxPort | undefined): ConfigStep {
  const output = UBX_OUTPUT[name];
  return {
    name,
    required: name === "NAV-PVT",
    modern: portChoices(port).map((ports) => encodeCfgValset(rateItems([output], ports, every))),
    legacy: [encodeCfgMsg(output.messageClass, output.id, every)],
  };
}

function nmeaOffStep(port: UbxPort | undefined): ConfigStep {
  const sentences = Object.values(NMEA_OUTPUT);
  return {
    name: "NMEA off",
    required: false,
    modern: portChoices(port).map((ports) => encodeCfgValset(rateItems(sentences, ports, 0))),
    legacy: sentences.map(({ messageClass, id }) => encodeCfgMsg(messageClass, id, 0)),
  };
}

/** Generation 10 has no USB. */
function portChoices(port: UbxPort | undefined): UbxPort[][] {
  return port === undefined ? [["uart1", "usb"], ["uart1"]] : [[port]];
}

function rateItems(
  outputs: readonly OutputMessage[],
  ports: readonly UbxPort[],
  every: number,
): ConfigItem[] {
  return outputs.flatMap(({ rateKey }) =>
    ports.map((port) => ({ key: rateKey + PORT_OFFSETS[port], value: every })),
  );
}
