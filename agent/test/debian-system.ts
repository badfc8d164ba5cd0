import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../src/testing/temporary-folder.ts";

const BOOT = new URL("boot-debian.sh", import.meta.url).pathname;
const NAMESPACES = [
  "--mount",
  "--pid",
  "--ipc",
  "--uts",
  "--cgroup",
  "--fork",
  "--kill-child",
  "--propagation",
  "private",
];

export interface Ran {
  code: number | null;
  /** What it printed, to standard error too. */
  said: string;
}

/** Whether this machine allows namespaces: a container without privileges does not. */
export const canBoot = () => spawnSync("unshare", [...NAMESPACES, "true"]).status === 0;

/** A Debian system in a folder of its own: at first as an image that is being built, later booted. */
export class DebianSystem {
  readonly root = join(temporaryFolder(), "root");
  #unshare: ChildProcess | undefined;
  /** Of its systemd, as this machine sees it. */
  #pid: number | undefined;

  /** @param base folder that `.ci/debian-root` has made; copied */
  constructor(base: string) {
    // With owners and device files, which node:fs does not copy.
    execFileSync("cp", ["-a", base, this.root]);
  }

  /** Runs a shell's line in it, as root and without anything to read. */
  run(line: string): Ran {
    const inside = ["/bin/sh", "-c", `exec 2>&1 </dev/null; ${line}`];
    const [command = "", ...args] =
      this.#pid === undefined
        ? [
            "unshare",
            ...NAMESPACES,
            "sh",
            "-c",
            'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"',
            this.root,
            ...inside,
          ]
        : ["nsenter", "--all", "--target", String(this.#pid), ...inside];
    const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", DEBIAN_FRONTEND: "noninteractive" };
    const { status, stdout } = spawnSync(command, args, { encoding: "utf8", env });
    return { code: status, said: stdout.trim() };
  }

  /** Resolves when systemd has started all that starts by itself. */
  async boot(): Promise<void> {
    this.#unshare = spawn("unshare", [...NAMESPACES, BOOT, this.root], { stdio: "ignore" });
    const children = `/proc/${this.#unshare.pid}/task/${this.#unshare.pid}/children`;
    await until(() => {
      const pid = Number(readFileSync(children, "utf8").trim());
      if (pid > 0 && readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "systemd") this.#pid = pid;
      return (
        this.#pid !== undefined && /^(running|degraded)$/m.test(this.run("systemctl is-system-running").said)
      );
    });
  }

  /** Ends every process in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#unshare === undefined) return;
    const ended = once(this.#unshare, "exit");
    this.#unshare.kill("SIGKILL");
    await ended;
  }
}

/** Looks again and again, letting everything else go on. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}
