import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

const DENO = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));

/** Runs a file of this folder under Deno and returns the lines it printed; throws with its output when it fails. */
export function runUnderDeno(file: string): Promise<string[]> {
  const { promise, resolve, reject } = Promise.withResolvers<string[]>();
  const path = fileURLToPath(new URL(file, import.meta.url));
  execFile(DENO, ["run", "-A", path], (error, stdout, stderr) => {
    if (error) reject(new Error(`${file} failed under Deno:\n${stdout}${stderr}`));
    else resolve(stdout.trim().split("\n"));
  });
  return promise;
}
