import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { temporaryFolder } from "./temporary-folder.ts";

/** Whether a Debian tool is there. In CI (`EARSHOT_REQUIRE_TOOLS=1`) a missing one is an error. */
export function hasTool(name: string): boolean {
  const found = spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
  if (!found && process.env.EARSHOT_REQUIRE_TOOLS === "1") throw new Error(`${name} is not installed`);
  return found;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return address.port;
}

export interface RunningBroker {
  port: number;
  folder: string;
  /** Resolves with the first line of its log, from now on, that matches. */
  logged(pattern: RegExp): Promise<string>;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Debian's mosquitto with a configuration of its own on a free port; resolves once it listens. */
export async function startMosquitto(
  settings: (folder: string) => string[],
  port?: number,
): Promise<RunningBroker> {
  const folder = temporaryFolder();
  const listenPort = port ?? (await freePort());
  // Started by root it becomes another user, who may not read this folder.
  const user = process.getuid?.() === 0 ? ["user root"] : [];
  const lines = [
    ...user,
    `listener ${listenPort} 127.0.0.1`,
    "log_dest stderr",
    "log_type all",
    ...settings(folder),
  ];
  writeFileSync(join(folder, "mosquitto.conf"), `${lines.join("\n")}\n`);
  const child = spawn("mosquitto", ["-c", join(folder, "mosquitto.conf")], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const logged = lineWatcher(child);
  const failed = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`mosquitto ended at once with exit code ${code}`)));
  });
  await Promise.race([logged(/mosquitto version .* running/), failed]);
  failed.catch(() => {});
  return {
    port: listenPort,
    folder,
    logged,
    stop: async (signal = "SIGKILL") => {
      child.kill(signal);
      await exited;
    },
  };
}

function lineWatcher(child: ChildProcess): (pattern: RegExp) => Promise<string> {
  const waiting = new Set<(line: string) => void>();
  if (child.stderr === null) throw new Error("no stderr");
  createInterface({ input: child.stderr }).on("line", (line) => {
    for (const check of waiting) check(line);
  });
  return (pattern) =>
    new Promise((resolve) => {
      const check = (line: string) => {
        if (!pattern.test(line)) return;
        waiting.delete(check);
        resolve(line);
      };
      waiting.add(check);
    });
}

/**
 * Just enough of a 3.1.1-only broker: does to protocol level 5 what the test says, or refuses it with return code 1 in
 * a 3.1.1 CONNACK, and acknowledges all else. Notes the protocol level of each CONNECT. What it may do more to whom
 * subscribed is the test's.
 */
export async function startOldBroker(
  onSubscribed: (socket: Socket) => void = () => {},
  onVersion5: (socket: Socket) => void = refuse5,
): Promise<{ port: number; levels: number[]; stop(): void }> {
  const levels: number[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (data) => answer(socket, data, levels, { onSubscribed, onVersion5 }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return {
    port: address.port,
    levels,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const refuse5 = (socket: Socket): void => void socket.end(Uint8Array.of(0x20, 2, 0, 1));

/** 3.1.1 §3: type in the upper half of byte 0, then the length (here below 16,384: one or two bytes). */
function answer(
  socket: Socket,
  data: Buffer,
  levels: number[],
  { onSubscribed, onVersion5 }: Record<"onSubscribed" | "onVersion5", (socket: Socket) => void>,
): void {
  const bodyAt = (data[1] ?? 0) < 128 ? 2 : 3;
  const type = (data[0] ?? 0) >> 4;
  if (type === 1) {
    const level = data[bodyAt + 6] ?? 0;
    levels.push(level);
    if (level === 5) onVersion5(socket);
    else socket.write(Uint8Array.of(0x20, 2, 0, 0));
  } else if (type === 8) {
    socket.write(Uint8Array.of(0x90, 3, data[bodyAt] ?? 0, data[bodyAt + 1] ?? 0, 1));
    onSubscribed(socket);
  } else if (type === 3) {
    const idAt = bodyAt + 2 + data.readUInt16BE(bodyAt);
    socket.write(Uint8Array.of(0x40, 2, data[idAt] ?? 0, data[idAt + 1] ?? 0));
  }
}
