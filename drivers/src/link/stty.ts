import { execFile } from "node:child_process";
import { errorCode } from "@earshot/protocol/runtime";
import type { OpenOptions } from "./bindings-interface.ts";

/** Tenths of a second that a read waits for its first byte (termios VTIME): how late a byte may be with many ports. */
const VTIME_TENTHS = 1;

const PARITY: Readonly<Record<string, readonly string[]>> = {
  none: ["-parenb"],
  even: ["parenb", "-parodd"],
  odd: ["parenb", "parodd"],
};

/** What `stty` is told for these options: raw bytes, no echo, modem lines ignored, reads that never wait long. */
export function sttySettings(options: OpenOptions): string[] {
  const parity = PARITY[options.parity ?? "none"];
  if (parity === undefined) {
    throw new RangeError(`Parity is ${options.parity}; allowed are ${Object.keys(PARITY).join(", ")}`);
  }
  const settings = [String(options.baudRate), "raw", "-echo", "clocal", "cread"];
  settings.push(`cs${options.dataBits ?? 8}`, ...parity, options.stopBits === 2 ? "cstopb" : "-cstopb");
  settings.push(options.rtscts ? "crtscts" : "-crtscts", options.hupcl === false ? "-hupcl" : "hupcl");
  return [...settings, "min", "0", "time", String(VTIME_TENTHS)];
}

/** Runs `stty -F path settings…` (coreutils) and returns what it prints. Throws an error in words. */
export function stty(path: string, settings: readonly string[], signal?: AbortSignal): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const env = { ...process.env, LC_ALL: "C" };
  execFile("stty", ["-F", path, ...settings], { env, signal }, (error, stdout, stderr) => {
    if (error) reject(new Error(explain(path, settings, stderr.trim() || error.message, errorCode(error))));
    else resolve(stdout.trim());
  });
  return promise;
}

function explain(path: string, settings: readonly string[], message: string, code: string): string {
  if (code === "ENOENT") return "the program stty is missing: install the Debian package coreutils";
  if (message.includes("Inappropriate ioctl")) return `${path} is not a serial port`;
  if (message.includes("invalid argument") || message.includes("unable to perform all requested")) {
    return `the port refuses ${settings[0]} baud or another setting: ${message.split("\n")[0]}`;
  }
  return message.split("\n")[0] ?? message;
}
