import { errorCode, errorText } from "@earshot/protocol/runtime";
import type { SerialPortStream } from "@serialport/stream";
import { type ByteLink, LinkLostError } from "../driver.ts";
import { DuplexLink } from "./duplex-link.ts";
import { serialBinding } from "./serial-binding.ts";

export interface OpenSerialOptions {
  /** Device path, best a stable one below `/dev/serial/by-id`. */
  path: string;
  /** Bits per second, as the device is set. */
  baudRate: number;
}

/**
 * Opens a serial port, 8 data bits, no parity, 1 stop bit, no flow control.
 *
 * @throws {RangeError} for a baud rate that is no positive whole number.
 * @throws {LinkLostError} when the port cannot be opened, saying what to do; later, from the link, when it is unplugged.
 */
export async function openSerial(options: OpenSerialOptions): Promise<ByteLink> {
  const { path, baudRate } = options;
  if (!Number.isInteger(baudRate) || baudRate <= 0) {
    throw new RangeError(`Baud rate is ${baudRate}; allowed are whole numbers such as 9600 or 115200`);
  }
  // Only where there is a port: it costs some megabytes.
  const { SerialPortStream } = await import("@serialport/stream");
  const stream = new SerialPortStream({ binding: serialBinding, path, baudRate, autoOpen: false });
  const opened = Promise.withResolvers<void>();
  stream.open((error) => (error ? opened.reject(error) : opened.resolve()));
  try {
    await opened.promise;
  } catch (error) {
    throw new LinkLostError(await explainOpen(path, error), { cause: error });
  }
  stream.on("close", (error?: Error | null) => stream.destroy(error ?? undefined));
  return new DuplexLink({ stream, where: `serial port ${path}`, release: () => closeStream(stream) });
}

/** A port that has gone away is closed already. */
function closeStream(stream: SerialPortStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.close(() => resolve());
  return promise;
}

const ADVICE: Readonly<Record<string, string>> = {
  EACCES:
    "permission denied; add the user to the group that owns the port (Debian: sudo usermod -aG dialout USER) and log in again",
  EPERM: "permission denied; run as a user that may open the port",
  EBUSY: "another program has it open exclusively; stop that program",
  EISDIR: "it is a folder, not a serial port",
};

async function explainOpen(path: string, error: unknown): Promise<string> {
  const code = errorCode(error);
  if (code === "ENOENT" || code === "ENODEV" || code === "ENXIO") {
    const ports = (await serialBinding.list()).map((port) => port.pnpId ?? port.path);
    const found = ports.length > 0 ? ports.join(", ") : "none";
    return `Cannot open serial port ${path}: no such device; is it plugged in? Ports found: ${found}`;
  }
  return `Cannot open serial port ${path}: ${ADVICE[code] ?? errorText(error)}`;
}
