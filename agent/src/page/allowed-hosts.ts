import { isIP } from "node:net";

/** The names of this machine; read again each time, because addresses change. */
interface MachineNames {
  hostname(): string;
  /** Of all its network interfaces. */
  addresses(): string[];
  /** Other names by which people reach it, from the configuration. */
  configured: readonly string[];
}

/**
 * Whether a Host header names this machine: `localhost`, its own host name (also with `.local`), an address of its own,
 * or a configured name. A web page that uses DNS rebinding asks by another name.
 */
export function namesThisMachine(host: string, { hostname, addresses, configured }: MachineNames): boolean {
  const name = nameOf(host);
  if (name === undefined) return false;
  if (isIP(name) !== 0) {
    return (
      isLoopback(name) ||
      addresses().some((own) => own.split("%", 1)[0] === name) ||
      configured.includes(name)
    );
  }
  const own = hostname().toLowerCase();
  const short = own.split(".", 1)[0];
  return ["localhost", own, short, `${short}.local`, ...configured.map((one) => one.toLowerCase())].includes(
    name,
  );
}

/** Without port and brackets, in lower case. */
function nameOf(host: string): string | undefined {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+?)\.?)(?::[0-9]{1,5})?$/i.exec(host);
  return (match?.[1] ?? match?.[2])?.toLowerCase();
}

const isLoopback = (address: string): boolean => address === "::1" || address.startsWith("127.");

/** Why a request is refused: a browser sends `Host` and `Origin` for any web page that asks. `undefined` where it may ask. */
export function refusalOf(
  host: string | undefined,
  origin: string | undefined,
  isOwnName: (host: string) => boolean,
): string | undefined {
  if (host !== undefined && !isOwnName(host)) {
    return `This page does not answer to ${JSON.stringify(host.slice(0, 100))}: use this machine's address or host name, or add the name to [page] names\n`;
  }
  if (origin !== undefined && origin !== `http://${host}`) return "This page answers no other web page\n";
  return undefined;
}
