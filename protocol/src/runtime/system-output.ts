import { fstatSync } from "node:fs";
import process from "node:process";
import type { LogReader } from "./log/program-log.ts";

export interface SystemOutput {
  /** To standard output. */
  out(text: string): void;
  /** To standard error. */
  err(text: string): void;
  /** Who reads standard error. */
  readonly logReader: LogReader;
}

/**
 * What a program prints, for its `main.ts`. Whoever reads it may have read enough (`| head` closes a pipe), and a log
 * disk may fill: unheard, the error (write(2): EPIPE, ENOSPC) would end the program with a stack trace.
 *
 * When standard error takes no more, nothing happens: there is nobody left to tell, and a service earns without its log.
 *
 * @param onLost called once when standard output takes no more, with the exit code for a program that is there only to
 * print: 0 when its reader has read enough, 1 when the output could not be written
 */
export function systemOutput(onLost: (exitCode: 0 | 1) => void): SystemOutput {
  let isLost = false;
  const err = writer(process.stderr, () => {});
  const out = writer(process.stdout, ({ code, message }) => {
    if (isLost) return;
    isLost = true;
    const isClosed = code === "EPIPE";
    if (!isClosed) err(`error Cannot write the output: ${message}\n`);
    onLost(isClosed ? 0 : 1);
  });
  return { out, err, logReader: logReader() };
}

function logReader(): LogReader {
  if (process.stderr.isTTY === true) return "terminal";
  try {
    // systemd.exec(5), JOURNAL_STREAM: inherited also by programs whose output goes elsewhere, so the numbers are compared.
    const { dev, ino } = fstatSync(2);
    return process.env.JOURNAL_STREAM === `${dev}:${ino}` ? "journal" : "program";
  } catch {
    return "program";
  }
}

/** Bun tells of an error by an event; Deno, of files, by throwing. */
function writer(stream: NodeJS.WriteStream, onError: (error: NodeJS.ErrnoException) => void) {
  stream.on("error", onError);
  return (text: string) => {
    try {
      stream.write(text);
    } catch (error) {
      onError(error as NodeJS.ErrnoException);
    }
  };
}
