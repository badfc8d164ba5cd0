import type { DiskWear } from "./linux-reading.ts";
import { numberIn } from "./proc.ts";

/** Pure readers of /sys: each reads a file's text, and returns null for one that is absent or odd. */
type Text = string | undefined;

/** Zones that are no processor: "iwlwifi_1", "battery", "acpitz" of some boards that stands still. */
const CPU_ZONE = /cpu|soc|x86_pkg|core|package/i;

export interface ThermalZone {
  type: Text;
  temperature: Text;
}

/** /sys/class/thermal/thermal_zone*: `type` and `temp` in thousandths of a degree. The hottest that is the processor's. */
export function parseCpuTemperatureC(zones: readonly ThermalZone[]): number | null {
  const known = zones.flatMap(({ type, temperature }) => {
    const degrees = temperatureC(temperature);
    return degrees === null ? [] : [{ isCpu: CPU_ZONE.test(type ?? ""), degrees }];
  });
  const cpu = known.filter(({ isCpu }) => isCpu);
  // Where no zone is named so, the only one there is it.
  const chosen = cpu.length > 0 || known.length > 1 ? cpu : known;
  return chosen.length === 0 ? null : Math.max(...chosen.map(({ degrees }) => degrees));
}

/** Old kernels report whole degrees, newer ones thousandths. A sensor that is off reports −273 or 0. */
function temperatureC(text: Text): number | null {
  if (text === undefined || !/^-?\d{1,7}$/.test(text.trim())) return null;
  const raw = Number(text);
  const degrees = Math.abs(raw) < 200 ? raw : raw / 1000;
  return raw !== 0 && degrees > -60 && degrees < 150 ? degrees : null;
}

const SECTOR_BYTES = 512;

/** /sys/block/DEVICE/stat: the seventh number is sectors written. */
export function parseWrittenBytes(text: Text): number | null {
  const sectors = numberIn(text?.trim().split(/\s+/)[6]);
  return sectors === null ? null : sectors * SECTOR_BYTES;
}

/** /sys/block/mmcblk0/device/life_time: "0x01 0x02", for both kinds of cells in tenths; 0 is "not defined". */
export function parseLifeUsedPercent(text: Text): number | null {
  const tenths = text
    ?.trim()
    .split(/\s+/)
    .map((word) => (/^0x[\da-f]{1,2}$/i.test(word) ? Number(word) : 0));
  const most = Math.max(0, ...(tenths ?? []).filter((value) => value <= 11));
  return most === 0 ? null : 10 * most;
}

/** /sys/block/mmcblk0/device/pre_eol_info: "0x01" to "0x03". */
export function parseReserve(text: Text): DiskWear["reserve"] {
  const level = text !== undefined && /^0x[\da-f]{1,2}$/i.test(text.trim()) ? Number(text) : 0;
  return ([null, "normal", "warning", "urgent"] as const)[level] ?? null;
}

export interface Throttling {
  underVoltage: boolean | null;
  underVoltageOccurred: boolean | null;
  throttled: boolean | null;
}

const UNKNOWN: Throttling = { underVoltage: null, underVoltageOccurred: null, throttled: null };

/** get_throttled of a Raspberry Pi's firmware, hexadecimal: bit 0 under-voltage, 1 to 3 slowed down; the same from bit 16 since the start. */
export function parseThrottled(text: Text): Throttling {
  const digits = text?.trim().match(/^(?:throttled=)?(?:0x)?([\da-f]{1,8})$/i)?.[1];
  if (digits === undefined) return UNKNOWN;
  const bits = Number.parseInt(digits, 16);
  return {
    underVoltage: (bits & 1) !== 0,
    underVoltageOccurred: (bits & 0x1_0000) !== 0,
    throttled: (bits & 0b1110) !== 0,
  };
}

/** in0_lcrit_alarm of the hwmon "rpi_volt": 1 while the voltage is too low. */
export function parseVoltAlarm(text: Text): Throttling {
  const alarm = text?.trim();
  return alarm === "0" || alarm === "1" ? { ...UNKNOWN, underVoltage: alarm === "1" } : UNKNOWN;
}

/** /sys/class/net/NAME/carrier: 0 or 1; unreadable while the interface is down. */
export function parseCarrier(text: Text): boolean | null {
  const carrier = text?.trim();
  return carrier === "0" || carrier === "1" ? carrier === "1" : null;
}

/** /sys/class/net/NAME/speed: Mbit/s; −1 or unreadable where there is none. */
export const parseSpeedMbps = (text: Text): number | null => numberIn(text?.trim(), 1e6) || null;
