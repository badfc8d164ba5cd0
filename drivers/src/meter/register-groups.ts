import type { ReadRequest } from "./modbus-pdu.ts";
import { type RegisterEntry, type RegisterMap, registersOf } from "./register-map.ts";

/** Entries that one request reads. */
export interface RegisterGroup {
  request: ReadRequest;
  entries: readonly RegisterEntry[];
}

type Limits = Pick<RegisterMap, "maxRegisters" | "maxGapRegisters">;

/** Few requests for all entries: neighbours together, as far as the device allows. */
export function groupRegisters(entries: readonly RegisterEntry[], limits: Limits): RegisterGroup[] {
  const sorted = [...entries].sort((a, b) => a.function - b.function || first(a) - first(b));
  const groups: RegisterGroup[] = [];
  for (const entry of sorted) {
    const group = groups.at(-1);
    const joined = group && join(group, entry, limits);
    if (joined === undefined) groups.push(groupOf(entry));
    else groups[groups.length - 1] = joined;
  }
  return groups;
}

/** Each entry on its own, for a device that refuses the registers between. */
export const splitGroup = (group: RegisterGroup): RegisterGroup[] => group.entries.map(groupOf);

function groupOf(entry: RegisterEntry): RegisterGroup {
  const address = first(entry);
  return { request: { function: entry.function, address, count: end(entry) - address }, entries: [entry] };
}

function join({ request, entries }: RegisterGroup, entry: RegisterEntry, limits: Limits) {
  const groupEnd = request.address + request.count;
  const count = Math.max(groupEnd, end(entry)) - request.address;
  const isNear = first(entry) - groupEnd <= limits.maxGapRegisters;
  if (request.function !== entry.function || !isNear || count > limits.maxRegisters) return undefined;
  return { request: { ...request, count }, entries: [...entries, entry] };
}

const first = ({ address, exponentAddress = address }: RegisterEntry): number =>
  Math.min(address, exponentAddress);

const end = ({ address, type, exponentAddress = address }: RegisterEntry): number =>
  Math.max(address + registersOf(type), exponentAddress + 1);
