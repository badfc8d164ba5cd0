import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

/** Two serial ports that are each other's cable. */
export interface PtyPair extends AsyncDisposable {
  paths: [string, string];
  /** Takes both ports away, as pulling a plug does. */
  unplug(): Promise<void>;
}

export const hasSocat = spawnSync("socat", ["-V"]).status === 0;

/** Makes a pair of pseudo-terminals with `socat`. */
export async function makePtyPair(): Promise<PtyPair> {
  const socat = spawn("socat", ["-d", "-d", "pty,raw,echo=0", "pty,raw,echo=0"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const exited = once(socat, "exit");
  const paths = await announcedPaths(socat);
  const unplug = async () => {
    socat.kill();
    await exited;
  };
  return { paths, unplug, [Symbol.asyncDispose]: unplug };
}

/** `socat -d -d` names both terminals before it says that it begins to transfer. */
async function announcedPaths(socat: ChildProcess): Promise<[string, string]> {
  let said = "";
  for await (const text of socat.stderr ?? []) {
    said += text;
    if (said.includes("starting data transfer loop")) break;
  }
  const [first, second] = said.matchAll(/PTY is (\S+)/g).map(([, path]) => path);
  if (first === undefined || second === undefined) throw new Error(`socat made no terminals: ${said}`);
  return [first, second];
}
