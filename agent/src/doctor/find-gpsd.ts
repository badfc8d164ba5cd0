import { openTcp, type SocketAddress } from "@earshot/drivers";
import type { Clock } from "@earshot/protocol/hotspot";
import { abortAfter } from "@earshot/protocol/runtime";
import { firstWithin } from "../time/first-within.ts";

/** gpsd as it answers. */
export interface FoundGpsd {
  release: string;
  /** Serial ports that it has open: not to be opened by anybody else. */
  devices: string[];
}

const LIMIT_MS = 2000;
/** A gpsd with many devices sends some kilobytes; anything longer is not gpsd. */
const MAX_ANSWER_CHARS = 65_536;

/** Asks gpsd which devices it has; `undefined` when none answers there. Changes nothing: it is not even watched. */
export async function findGpsd(
  address: SocketAddress,
  clock: Clock,
  signal: AbortSignal,
): Promise<FoundGpsd | undefined> {
  try {
    const silent = new Error(`no answer in ${LIMIT_MS / 1000} s`);
    const link = await abortAfter(clock, LIMIT_MS, silent, signal, (limited) =>
      openTcp({ ...address, signal: limited }),
    );
    await link.write(new TextEncoder().encode("?DEVICES;\n"));
    let answer = "";
    const decoder = new TextDecoder();
    const hasDevices = (bytes: Uint8Array) => {
      answer += decoder.decode(bytes, { stream: true });
      return answer.length > MAX_ANSWER_CHARS || parseGpsd(answer)?.devices !== undefined;
    };
    await firstWithin(link, hasDevices, clock, LIMIT_MS);
    const { release, devices = [] } = parseGpsd(answer) ?? {};
    return release === undefined ? undefined : { release, devices };
  } catch {
    return undefined;
  }
}

/** The content of VERSION and DEVICES so far. */
export function parseGpsd(answer: string): { release?: string; devices?: string[] } | undefined {
  const found: { release?: string; devices?: string[] } = {};
  for (const line of answer.split("\n").slice(0, -1)) {
    const report = parsed(line);
    if (report === undefined) continue;
    if (report.class === "VERSION" && typeof report.release === "string") found.release = report.release;
    if (report.class === "DEVICES" && Array.isArray(report.devices))
      found.devices = report.devices.flatMap(pathOf);
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

const pathOf = (device: unknown): string[] => {
  const path = (device as { path?: unknown } | null)?.path;
  return typeof path === "string" ? [path] : [];
};
