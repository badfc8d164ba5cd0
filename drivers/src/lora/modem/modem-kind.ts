import { BANDWIDTHS_HZ, PACKET_LIMITS } from "@earshot/protocol/hotspot";
import { numberIn, path, wholeIn } from "@earshot/protocol/runtime/config";
import { z } from "zod";
import { type DeviceKind, type Query, type RadioKind, radioKind } from "../../devices/device-kind.ts";
import { baud } from "../../devices/fields.ts";
import type { ModemDialect } from "./dialect.ts";
import { type ModemRadio, openModem } from "./modem-radio.ts";

const [MIN_FREQ_HZ, MAX_FREQ_HZ] = PACKET_LIMITS.freqHz;
const BANDWIDTHS_KHZ = BANDWIDTHS_HZ.map((hz) => hz / 1000);

/** A port, and the one channel and spreading factor that a modem listens on. */
const modemKeys = (factoryBaud: number) => ({
  device: path,
  baud: baud.default(factoryBaud),
  freq_mhz: numberIn(MIN_FREQ_HZ / 1e6, MAX_FREQ_HZ / 1e6),
  spreading_factor: wholeIn(...PACKET_LIMITS.spreadingFactor),
  bandwidth_khz: z.literal(BANDWIDTHS_KHZ, { error: `one of ${BANDWIDTHS_KHZ.join(", ")}` }).default(125),
});

interface ModemSettings {
  device: string;
  baud: number;
  freqHz: number;
  spreadingFactor: number;
  bandwidthHz: number;
  maxPowerDbm: number;
}

interface ModemOfKind<T extends string, K extends z.ZodRawShape, S extends object>
  extends Pick<DeviceKind<T>, "type" | "rows"> {
  /** As it leaves the factory. */
  baud: number;
  /** Keys of its own. */
  keys: K;
  settings(values: z.output<z.ZodObject<K>>): S;
  /** How it is spoken to; without settings as it leaves the factory. */
  dialect(settings?: S): ModemDialect;
  cannotBeacon?: string;
}

/** A serial modem as a kind of radio: all of them have a port, a channel and a version that they tell. */
export function modemKind<const T extends string, K extends z.ZodRawShape, S extends object>(
  modem: ModemOfKind<T, K, S>,
): RadioKind<T, ReturnType<typeof modemKeys> & K, ModemSettings & S> {
  const { type, rows, cannotBeacon } = modem;
  const factory = modem.dialect();
  return radioKind({
    ...{ type, rows, ...(cannotBeacon === undefined ? {} : { cannotBeacon }) },
    description: `${factory.name} modem`,
    queries: [versionQuery(type, factory, modem.baud)],
    choices: [
      "# The one channel and spreading factor that it listens on: choose your network's.",
      "freq_mhz = 868.1",
      "spreading_factor = 9",
    ],
    keys: { ...modemKeys(modem.baud), ...modem.keys },
    settings: (values, { maxPowerDbm }) => ({
      ...settingsOf(values as z.output<z.ZodObject<ReturnType<typeof modemKeys>>>, maxPowerDbm),
      ...modem.settings(values as z.output<z.ZodObject<K>>),
    }),
    async open(settings, { clock, openLink }) {
      const { device, baud, ...channel } = settings;
      const radio = openModem(modem.dialect(settings), await openLink({ device, baud }), {
        clock,
        ...channel,
      });
      return Object.assign(radio, { cautions: () => cautionsOf(radio) });
    },
  });
}

const settingsOf = (
  values: z.output<z.ZodObject<ReturnType<typeof modemKeys>>>,
  maxPowerDbm: number,
): ModemSettings => ({
  maxPowerDbm,
  device: values.device,
  baud: values.baud,
  freqHz: Math.round(values.freq_mhz * 1e6),
  spreadingFactor: values.spreading_factor,
  bandwidthHz: values.bandwidth_khz * 1000,
});

function cautionsOf(radio: ModemRadio): string[] {
  const { cautions, resets } = radio.modem();
  return [
    ...(resets > 0 ? [`It started again ${resets} times by itself: is its supply strong enough?`] : []),
    ...cautions,
  ];
}

const LATIN1 = new TextDecoder("latin1");

/** Asks a modem who it is, as its driver does. */
function versionQuery(type: string, { identify, name, isVersion }: ModemDialect, baudRate: number): Query {
  return {
    name: `${identify.text} (${name})`,
    baudRates: [baudRate],
    request: new TextEncoder().encode(`${identify.text}\r\n`),
    recognise(heard) {
      for (const line of LATIN1.decode(heard).split(/[\r\n]+/)) {
        const version = identify.value?.exec(line.trim())?.[1];
        if (version !== undefined && isVersion(version)) return { type, description: `${name}, ${version}` };
      }
      return undefined;
    },
  };
}
