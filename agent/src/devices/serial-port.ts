import { type ByteLink, openSerial, openTcp, type SerialAddress, type SocketAddress } from "@earshot/drivers";
import { checkNotInUse } from "./port-users.ts";

/** @throws {DeviceTroubleError} when another program is known to have it open; {LinkLostError} when it cannot be opened */
async function openPort({ device, baud }: SerialAddress): Promise<ByteLink> {
  await checkNotInUse(device);
  return openSerial({ path: device, baudRate: baud });
}

/** A serial port, or the TCP port of a serial server or a program. */
export function openLink(link: SerialAddress | SocketAddress, signal: AbortSignal): Promise<ByteLink> {
  return "device" in link ? openPort(link) : openTcp({ ...link, signal });
}

/** Path of the serial port, for those who look who else has it open. */
export const portOf = (link: SerialAddress | SocketAddress): { port?: string } =>
  "device" in link ? { port: link.device } : {};
