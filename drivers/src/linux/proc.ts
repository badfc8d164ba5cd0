/** Pure readers of /proc: each reads a file's text, and returns null for one that is absent or odd. */
type Text = string | undefined;

/** A finite number from 0, written in decimals and nothing else. */
export function numberIn(text: Text, max = Number.MAX_SAFE_INTEGER): number | null {
  if (text === undefined || !/^\d+(\.\d+)?$/.test(text)) return null;
  const value = Number(text);
  return value <= max ? value : null;
}

/** /proc/loadavg: "0.42 0.37 0.33 1/123 4567". */
export const parseLoad1min = (text: Text): number | null => numberIn(text?.split(" ")[0], 1e6);

/** /proc/uptime: seconds since the start, then idle seconds of all cores. */
export const parseUptimeS = (text: Text): number | null => numberIn(text?.split(" ")[0], 1e10);

/** /proc/stat: how many "cpu0 …" lines. */
export const parseCores = (text: Text): number | null => text?.match(/^cpu\d+ /gm)?.length ?? null;

export interface Memory {
  totalBytes: number | null;
  availableBytes: number | null;
}

/** /proc/meminfo: lines of "MemTotal:  24684084 kB". Kernels before 3.14 have no MemAvailable. */
export function parseMemory(text: Text): Memory {
  const bytesOf = (name: string): number | null => {
    const kilobytes = numberIn(text?.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m"))?.[1], 2 ** 42);
    return kilobytes === null ? null : 1024 * kilobytes;
  };
  return { totalBytes: bytesOf("MemTotal"), availableBytes: bytesOf("MemAvailable") };
}

export interface RadioQuality {
  signalDbm: number | null;
  qualityPercent: number | null;
}

/** Quality is reported out of 70 by all drivers of mac80211. */
const FULL_QUALITY = 70;

/** /proc/net/wireless, two lines of heading: "wlan0: 0000   58.  -52.  -256  0 0 0 0 0 0". */
export function parseWireless(text: Text): Map<string, RadioQuality> {
  const links = new Map<string, RadioQuality>();
  for (const line of (text ?? "").split("\n")) {
    const [, name, quality, level] = line.match(/^\s*(\S+):\s+\S+\s+(\d+)\.?\s+(-?\d+)\.?\s/) ?? [];
    if (name === undefined) continue;
    const percent = Math.round((100 * Number(quality)) / FULL_QUALITY);
    links.set(name, { qualityPercent: percent <= 100 ? percent : null, signalDbm: dbm(Number(level)) });
  }
  return links;
}

/** Some drivers report the signal as a byte: 204 is −52 dBm. */
function dbm(level: number): number | null {
  const signal = level > 127 ? level - 256 : level;
  return signal < 0 && signal > -130 ? signal : null;
}
