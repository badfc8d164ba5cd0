import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { execFileSync, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { systemClock } from "@earshot/protocol/runtime";
import manifest from "../package.json" with { type: "json" };
import { freePort, type RunningBroker, startMosquitto } from "../src/testing/mqtt-brokers.ts";
import { temporaryFolder } from "../src/testing/temporary-folder.ts";
import { canBoot, DebianSystem, until } from "./debian-system.ts";
import { nmeaSecond } from "./device-frames.ts";
import { FakeForwarder } from "./fake-forwarder.ts";
import { PtyDevice } from "./pty-device.ts";

/*
 * The package as it is built (`bun run build`), in a Debian of its own. Not part of `bun run test`: it needs root, the
 * build, the Debian packages that `.ci/run` installs, and a folder of `.ci/debian-root` in EARSHOT_DEBIAN_ROOT.
 * Run with `bun test ./agent/test/package.check.ts`.
 */
const LIMIT_MS = 120_000;
const DIST = new URL("../../dist/", import.meta.url).pathname;
const deb = (architecture: string) => join(DIST, `earshot-agent_${manifest.version}_${architecture}.deb`);
const BINARY = join(DIST, "earshot-agent-linux-amd64");
const ROOT = process.env.EARSHOT_DEBIAN_ROOT ?? "";

test.each(["amd64", "arm64"])(
  "lintian finds no error in the package for %s",
  (architecture) => {
    const { status, stdout } = spawnSync("lintian", ["--allow-root", deb(architecture)], {
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([0, ""]);
  },
  LIMIT_MS,
);

describe("the compiled agent", () => {
  test("needs no newer glibc than the package declares", () => {
    const { stdout } = spawnSync("objdump", ["-T", BINARY], { encoding: "utf8", maxBuffer: 1e8 });
    const needed = [...stdout.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
    const depends = execFileSync("dpkg-deb", ["-f", deb("amd64"), "Depends"], { encoding: "utf8" });
    expect(needed.length).toBeGreaterThan(10);
    expect(Math.max(...needed)).toBeLessThanOrEqual(Number(/libc6 \(>= 2\.(\d+)\)/.exec(depends)?.[1]));
  });

  test(
    "runs on a processor of 2008, which has no AVX",
    () => {
      const { status, stdout } = spawnSync("qemu-x86_64-static", ["-cpu", "Nehalem", BINARY, "--version"]);
      expect([status, String(stdout)]).toEqual([0, `earshot-agent ${manifest.version}\n`]);
    },
    LIMIT_MS,
  );

  test("reads nothing from the folder that it is started in", () => {
    const cwd = temporaryFolder();
    const put = (name: string, text: string) => writeFileSync(join(cwd, name), text);
    const traps = [".env", ".env.local", ".env.production", ".env.development"];
    for (const name of traps) put(name, "EARSHOT_AGENT_HOTSPOT_REGION=EU999\nEARSHOT_AGENT_TRAP=1\n");
    put("trap.ts", 'console.log("TRAPPED"); process.exit(7);');
    put("bunfig.toml", 'preload = ["./trap.ts"]\n[run]\nbun = true\n');
    put("tsconfig.json", '{ "compilerOptions": { "paths": { "*": ["./trap.ts"] } } }');
    put("package.json", '{ "name": "trap", "type": "commonjs", "imports": { "#*": "./trap.ts" } }');
    put(
      "agent.toml",
      readFileSync(new URL("../config.example.toml", import.meta.url), "utf8").replace(
        "/var/lib/earshot",
        "state",
      ),
    );
    const ran = spawnSync(BINARY, ["id", "--config", "agent.toml"], { cwd, encoding: "utf8" });
    expect(ran).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^(The new key is root's\..*\n)?$/),
    });
    expect(ran.stdout).toMatch(/^name +\S+\nid +z6Mk/);
  });
});

describe.skipIf(!canBoot())("installed", () => {
  let debian: DebianSystem;
  let broker: RunningBroker;
  let gps: PtyDevice;
  let ports = { udp: 0, page: 0 };
  let id = "";

  /** A later version, whose example has changed, in the system's root folder. */
  function laterVersion(version: string): string {
    const folder = join(temporaryFolder(), "deb");
    execFileSync("dpkg-deb", ["-R", deb("amd64"), folder]);
    appendFileSync(join(folder, "usr/share/earshot-agent/agent.example.toml"), `\n# new in ${version}\n`);
    const control = join(folder, "DEBIAN/control");
    writeFileSync(
      control,
      readFileSync(control, "utf8").replace(`Version: ${manifest.version}`, `Version: ${version}`),
    );
    execFileSync("dpkg-deb", [
      "-Znone",
      "--root-owner-group",
      "-b",
      folder,
      join(debian.root, "root/next.deb"),
    ]);
    return "dpkg -i /root/next.deb";
  }

  const state = (what: "is-enabled" | "is-active") => debian.run(`systemctl ${what} earshot-agent`).said;
  const status = async () => {
    const answer = await fetch(`http://127.0.0.1:${ports.page}/status.json`).catch(() => undefined);
    return answer?.ok ? await answer.json() : undefined;
  };
  const part = async (title: string) =>
    (await status())?.parts.find((one: { title: string }) => one.title === title);
  const idOf = () =>
    debian.run('su -s /bin/sh earshot -c "earshot-agent id --config /etc/earshot/agent.toml"').said;

  function configure(): void {
    const file = join(debian.root, "etc/earshot/agent.toml");
    const values: [RegExp, string][] = [
      [/^url = .*$/m, `url = "mqtt://127.0.0.1:${broker.port}"`],
      [/^type = "semtech-udp"$/m, `type = "semtech-udp"\nlisten = "127.0.0.1:${ports.udp}"`],
      [/^type = "gpsd"$/m, `type = "nmea"\ndevice = "${realpathSync(gps.path)}"`],
      [/^\[page\]$/m, `[page]\nlisten = "127.0.0.1:${ports.page}"`],
    ];
    const text = values.reduce((toml, [from, to]) => toml.replace(from, to), readFileSync(file, "utf8"));
    writeFileSync(file, text);
  }

  beforeAll(async () => {
    debian = new DebianSystem(ROOT);
    broker = await startMosquitto(() => ["allow_anonymous true"]);
    gps = await PtyDevice.plugged();
    // What group dialout may do to a serial port: the group's number is another one in there.
    chmodSync(realpathSync(gps.path), 0o666);
    ports = { udp: await freePort(), page: await freePort() };
    copyFileSync(deb("amd64"), join(debian.root, "root/agent.deb"));
  }, LIMIT_MS);
  afterAll(async () => {
    await debian[Symbol.asyncDispose]();
    await gps.unplug();
    await broker.stop();
  });

  test(
    "in an image that is being built: enabled, with a configuration that its user may read and a user of its own",
    () => {
      expect(debian.run("dpkg -i /root/agent.deb")).toMatchObject({ code: 0 });
      expect(state("is-enabled")).toBe("enabled");
      expect(debian.run("stat -c '%U %G %a' /etc/earshot/agent.toml /var/lib/earshot").said).toBe(
        "root earshot 640\nearshot earshot 700",
      );
      id = idOf();
      expect(id).toMatch(/^name +\S+\nid +z6Mk/);
      expect(debian.run("cd / && md5sum --quiet -c /var/lib/dpkg/info/earshot-agent.md5sums")).toEqual({
        code: 0,
        said: "",
      });
      expect(debian.run("ls /var/lib/dpkg/info/earshot-agent.conffiles").code).not.toBe(0);
    },
    LIMIT_MS,
  );

  test(
    "booted without a network to wait for, the sandboxed service reads a serial port, radio and broker",
    async () => {
      configure();
      await debian.boot();
      expect(state("is-active")).toBe("active");
      expect(debian.run("systemctl show -P NRestarts earshot-agent").said).toBe("0");
      const forwarder = new FakeForwarder(ports.udp);
      await forwarder.pull();
      // As often as a receiver does: one whose time runs ahead of all clocks is told as that, not as one with a fix.
      const beganMs = systemClock.elapsedMs();
      let told = -1;
      await until(async () => {
        const second = Math.floor((systemClock.elapsedMs() - beganMs) / 1000);
        if (second > told) gps.say(nmeaSecond(second));
        told = second;
        return /fix/.test((await part("GPS"))?.text ?? "");
      });
      forwarder.close();
      await until(async () => (await part("Broker"))?.health === "ok");
      expect((await part("Machine"))?.text).toMatch(/memory|load|disk/i);
      expect(debian.run("ls /var/lib/earshot").said).toContain("outbox.db");
      expect(debian.run("systemd-analyze security --threshold=30 --no-pager earshot-agent")).toMatchObject({
        code: 0,
      });
      debian.run("mount -t tmpfs tmpfs /mnt && touch /mnt/disk-that-came-late");
      const seen = debian.run('nsenter -m -t "$(systemctl show -P MainPID earshot-agent)" ls /mnt').said;
      expect(seen).toBe("disk-that-came-late");
    },
    LIMIT_MS,
  );

  test(
    "an upgrade asks nothing, keeps what a person wrote, and restarts what runs",
    () => {
      const before = debian.run("cat /etc/earshot/agent.toml").said;
      const pid = debian.run("systemctl show -P MainPID earshot-agent").said;
      expect(debian.run(laterVersion("99.1"))).toMatchObject({ code: 0 });
      expect(debian.run("cat /etc/earshot/agent.toml").said).toBe(before);
      expect(debian.run("tail -n 1 /usr/share/earshot-agent/agent.example.toml").said).toBe("# new in 99.1");
      expect([state("is-enabled"), state("is-active")]).toEqual(["enabled", "active"]);
      expect(debian.run("systemctl show -P MainPID earshot-agent").said).not.toBe(pid);
    },
    LIMIT_MS,
  );

  test(
    "an upgrade leaves stopped, disabled and masked what was so",
    () => {
      debian.run("systemctl stop earshot-agent");
      expect(debian.run(laterVersion("99.2"))).toMatchObject({ code: 0 });
      expect([state("is-enabled"), state("is-active")]).toEqual(["enabled", "inactive"]);
      debian.run("systemctl disable earshot-agent");
      expect(debian.run(laterVersion("99.3"))).toMatchObject({ code: 0 });
      expect([state("is-enabled"), state("is-active")]).toEqual(["disabled", "inactive"]);
      debian.run("systemctl mask earshot-agent");
      expect(debian.run(laterVersion("99.4"))).toMatchObject({ code: 0 });
      expect([state("is-enabled"), state("is-active")]).toEqual(["masked", "inactive"]);
      debian.run("systemctl unmask earshot-agent; systemctl enable --now earshot-agent");
      expect([state("is-enabled"), state("is-active")]).toEqual(["enabled", "active"]);
    },
    LIMIT_MS,
  );

  test(
    "a configuration that was deleted is made anew, whatever else is in its folder",
    () => {
      expect(
        debian.run(`rm /etc/earshot/agent.toml; touch /etc/earshot/ca.pem; ${laterVersion("99.5")}`).code,
      ).toBe(0);
      expect(debian.run("cmp /etc/earshot/agent.toml /usr/share/earshot-agent/agent.example.toml").code).toBe(
        0,
      );
    },
    LIMIT_MS,
  );

  test(
    "removal stops it and keeps everything; purging keeps the key, and installed again it is the same hotspot",
    () => {
      expect(debian.run("dpkg -r earshot-agent")).toMatchObject({ code: 0 });
      expect(state("is-active")).toBe("inactive");
      const kept = debian.run("ls /etc/earshot /var/lib/earshot").said;
      for (const name of ["agent.toml", "ca.pem", "hotspot.key", "outbox.db"]) expect(kept).toContain(name);

      const purged = debian.run("dpkg -P earshot-agent");
      expect(purged.code).toBe(0);
      expect(purged.said).toContain("/var/lib/earshot/hotspot.key is kept");
      expect(debian.run("ls /etc/earshot /var/lib/earshot").said).toBe(
        "/etc/earshot:\nca.pem\n\n/var/lib/earshot:\nhotspot.key\nsequence-mark",
      );
      expect(debian.run("stat -c '%U %a' /var/lib/earshot/hotspot.key").said).toBe("earshot 600");
      const units = debian.run("find /etc/systemd /var/lib/systemd -name '*earshot-agent*'").said;
      expect(units).toBe("");

      expect(debian.run("dpkg -i /root/agent.deb").code).toBe(0);
      expect(idOf()).toBe(id);
      expect([state("is-enabled"), state("is-active")]).toEqual(["enabled", "inactive"]);
    },
    LIMIT_MS,
  );

  test(
    "purging where there is no key leaves nothing",
    () => {
      debian.run("rm -r /var/lib/earshot /etc/earshot");
      expect(debian.run("dpkg -P earshot-agent").code).toBe(0);
      expect(existsSync(join(debian.root, "var/lib/earshot"))).toBe(false);
      expect(existsSync(join(debian.root, "etc/earshot"))).toBe(false);
    },
    LIMIT_MS,
  );
});
