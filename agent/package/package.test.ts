import { describe, expect, test } from "bun:test";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import manifest from "../package.json" with { type: "json" };
import { USAGE } from "../src/cli/main.ts";
import { hasTool } from "../src/testing/mqtt-brokers.ts";
import { temporaryFolder } from "../src/testing/temporary-folder.ts";
import { copyrightOf } from "./copyright.ts";
import { buildDeb } from "./deb.ts";

const file = (name: string) => readFileSync(join(import.meta.dir, name), "utf8");

test("the manual page has every command and option of the usage, and no other", () => {
  const page = file("earshot-agent.1").replaceAll("\\-", "-");
  const [, commands = ""] = page.split(".SH COMMANDS\n");
  const named = [...(commands.split(".SH")[0] ?? "").matchAll(/^\.TP\n(?:\.B )?(.+)$/gm)].map(
    ([, name]) => name,
  );
  const known = [...USAGE.matchAll(/^ {2}(\S+) {2,}\w/gm)].map(([, name]) => name);
  expect(known.length).toBeGreaterThan(3);
  expect(named).toEqual(known);
  for (const [option] of USAGE.matchAll(/--\w+/g)) expect(page).toContain(option);
});

test("the changelog begins with the version that is built", () => {
  expect(file("changelog")).toStartWith(`earshot-agent (${manifest.version}) `);
});

describe.skipIf(!hasTool("systemd-analyze"))("the unit", () => {
  const unit = join(import.meta.dir, "earshot-agent.service");

  test("is exposed by no more than 3.0 of 10", () => {
    const { status, stdout } = spawnSync(
      "systemd-analyze",
      ["security", "--offline=true", "--threshold=30", "--no-pager", unit],
      { encoding: "utf8" },
    );
    expect(stdout).toMatch(/Overall exposure level for earshot-agent\.service: \d\.\d/);
    expect(status).toBe(0);
  });

  test("waits for no network, and lists no devices: a driver that is loaded later would be refused", () => {
    const lines = readFileSync(unit, "utf8").replaceAll(/^#.*$/gm, "");
    expect(lines).not.toMatch(/online|time-sync/);
    expect(lines).not.toMatch(/DeviceAllow|DevicePolicy|PrivateDevices|ProtectClock/);
  });
});

describe.skipIf(!hasTool("dpkg-deb"))("the package", () => {
  test("brings what Debian wants of one, with true sums, and no configuration file of dpkg's", async () => {
    const outputFolder = temporaryFolder();
    const binary = join(outputFolder, "agent");
    writeFileSync(binary, "not a program");
    const build = { architecture: "amd64", version: "1.2.3", binary, copyright: "ours\n", outputFolder };
    const deb = await buildDeb(build);
    const root = join(outputFolder, "unpacked");
    execFileSync("dpkg-deb", ["-R", deb, root]);
    const sums = spawnSync("md5sum", ["--check", "DEBIAN/md5sums"], { cwd: root, encoding: "utf8" });
    expect([sums.status, sums.stdout.split("\n").length > 6]).toEqual([0, true]);
    for (const name of ["copyright", "changelog.gz", "README.md"]) {
      expect([name, existsSync(join(root, "usr/share/doc/earshot-agent", name))]).toEqual([name, true]);
    }
    expect(existsSync(join(root, "DEBIAN/conffiles"))).toBe(false);
    expect(existsSync(join(root, "etc"))).toBe(false);
    const control = readFileSync(join(root, "DEBIAN/control"), "utf8");
    expect(control).toContain("\nVersion: 1.2.3\nArchitecture: amd64\n");
    // RFC 1952: no name and no time, so that the same source makes the same file.
    const header = readFileSync(join(root, "usr/share/man/man1/earshot-agent.1.gz")).subarray(0, 9);
    expect([...header.subarray(3, 8)]).toEqual([0, 0, 0, 0, 0]);
  });

  test("names the libraries in it with their licences, and refuses one that has none", async () => {
    const folder = join(temporaryFolder(), "node_modules");
    const library = (name: string, license: string, files: Record<string, string>) => {
      mkdirSync(join(folder, name), { recursive: true });
      writeFileSync(join(folder, name, "package.json"), JSON.stringify({ name, version: "1.0.0", license }));
      for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, name, path), text);
      return join(folder, name, "index.js");
    };
    const sources = [
      "agent/src/main.ts",
      library("@a/one", "MIT", { "LICENSE.md": "Permission is hereby granted" }),
      library("two", "Apache-2.0", { LICENSE: "the whole text", NOTICE: "Made by two" }),
    ];
    const text = await copyrightOf(sources);
    expect(text).toContain("@a/one 1.0.0, MIT\n-----------------\n\nPermission is hereby granted\n");
    expect(text).toContain("two 1.0.0, Apache-2.0\n---------------------\n\nMade by two\n");
    expect(text).not.toContain("the whole text");
    expect(copyrightOf([library("three", "MIT", {})])).rejects.toThrow("three has no file with its licence");
  });
});
