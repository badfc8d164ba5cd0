import { readFile } from "node:fs/promises";
import type { GatewayConfig } from "../config/schema.ts";

/** Kept back for store, bundles, log, event loop and whatever else is open. */
export const RESERVED_DESCRIPTORS = 128;
/** Hotspots come first: readers get a quarter where there are not enough for both. */
const HTTP_SHARE = 0.25;

export interface ConnectionShares {
  http: number;
  /** Of the embedded broker. */
  broker: number;
  /** A sentence for the log where these are fewer than configured. */
  problem?: string;
}

/** Descriptors that this process may have open, where the system says so (Linux). */
export async function descriptorLimit(): Promise<number | undefined> {
  const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** How many connections each listener takes, so that neither of them takes the last descriptor. */
export function connectionLimits(
  descriptors: number | undefined,
  { http, broker }: Pick<GatewayConfig, "http" | "broker">,
): ConnectionShares {
  const wanted = {
    http: http.max_connections,
    broker: broker.url === undefined ? broker.max_connections : 0,
  };
  const free = Math.max(2, (descriptors ?? Number.POSITIVE_INFINITY) - RESERVED_DESCRIPTORS);
  if (wanted.http + wanted.broker <= free) return wanted;
  const share = Math.max(Math.floor(free * HTTP_SHARE), free - wanted.broker);
  const given = { http: Math.min(wanted.http, share), broker: 0 };
  given.broker = Math.min(wanted.broker, free - given.http);
  const problem =
    `This process may open ${descriptors} files, too few for http.max_connections = ${wanted.http} and ` +
    `broker.max_connections = ${wanted.broker}: it takes ${given.http} and ${given.broker}. Raise the limit ` +
    "(ulimit -n, LimitNOFILE) or lower these";
  return { ...given, problem };
}
