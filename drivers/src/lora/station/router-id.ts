const EUI64 = /^[0-9a-f]{16}$/;
const GROUPED_EUI = /^[0-9a-f]{2}(?:[-:][0-9a-f]{2}){7}$/;
const ID6_GROUP = /^[0-9a-f]{1,4}$/;
/** "router-…" and the like: what kind of thing the id names, and nothing more. */
const KIND = /^[a-z]+-(?=[0-9a-f:]*:[0-9a-f:]*$)/;
const UNSIGNED_64 = (1n << 64n) - 1n;

/**
 * The EUI of a router as 16 lower-case hex digits, from any form that a station may write: ID6 ("::1", "a:b:c:d",
 * "router-::1"), EUI text ("00-00-00-00-00-00-00-01", with colons, or without separators) or a number.
 * `undefined` for anything else, and for 0, which stands for no router.
 */
export function parseRouterId(id: unknown): string | undefined {
  const eui = typeof id === "string" ? parseText(id.trim().toLowerCase()) : parseNumber(id);
  return eui === "0".repeat(16) ? undefined : eui;
}

function parseNumber(id: unknown): string | undefined {
  if (typeof id !== "bigint" && !(typeof id === "number" && Number.isSafeInteger(id))) return undefined;
  const value = BigInt(id);
  return value >= 0n && value <= UNSIGNED_64 ? value.toString(16).padStart(16, "0") : undefined;
}

function parseText(text: string): string | undefined {
  if (EUI64.test(text)) return text;
  if (GROUPED_EUI.test(text)) return text.replaceAll(/[-:]/g, "");
  return parseId6(text.replace(KIND, ""));
}

/** Four groups of 16 bits as in an IPv6 address; "::" stands for the zero groups it replaces. */
function parseId6(text: string): string | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [front = [], back = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 4 - front.length - back.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...front, ...Array<string>(missing).fill("0"), ...back];
  if (!groups.every((group) => ID6_GROUP.test(group))) return undefined;
  return groups.map((group) => group.padStart(4, "0")).join("");
}

/** "00-00-00-00-00-00-00-01", as Station writes and reads EUIs. */
export function formatEui(gatewayEui: string): string {
  return gatewayEui.match(/../g)?.join("-").toUpperCase() ?? "";
}

/** ID6 with all four groups and without leading zeros: "0:0:0:1". */
export function formatId6(gatewayEui: string): string {
  const groups = gatewayEui.match(/.{4}/g) ?? [];
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":");
}
