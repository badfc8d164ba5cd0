import { describe, expect, test } from "bun:test";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import type { LoraConfig } from "../config/config.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { radioOpener } from "./open-devices.ts";
import { troubleOf } from "./trouble.ts";

const signal = new AbortController().signal;
const open = (lora: LoraConfig, clock = new ManualClock()) => radioOpener(lora, clock, silentLog)(signal);

const troubleOn = (lora: LoraConfig) =>
  open(lora).then(
    () => "none",
    (error: unknown) => troubleOf(error),
  );

test("an address that this machine does not have yet is told as that, whoever should connect to it", async () => {
  // TEST-NET-3 (RFC 5737).
  const listen = { host: "203.0.113.7", port: 1700 };
  const region = "EU868" as const;
  expect(await troubleOn({ type: "semtech-udp", listen, region })).toBe("address-missing");
  expect(await troubleOn({ type: "basics-station", listen, region, powerDbm: 14 })).toBe("address-missing");
});

test("a port that somebody else has is told as that", async () => {
  const region = "EU868" as const;
  for (const lora of [
    { type: "semtech-udp", region } as const,
    { type: "basics-station", region, powerDbm: 14 } as const,
  ]) {
    const first = await open({ ...lora, listen: { host: "127.0.0.1", port: 0 } });
    const port = Number(first.name.split(":").at(-1));
    expect(await troubleOn({ ...lora, listen: { host: "127.0.0.1", port } })).toBe("address-in-use");
    await first.close();
  }
});

describe.skipIf(Bun.which("openssl") === null)("the certificate for stations", () => {
  test("is missing at first, comes later, goes again: the radio opens once it is there, and says what is wrong", async () => {
    const folder = temporaryFolder();
    const [certFile, keyFile] = [join(folder, "lns.crt"), join(folder, "lns.key")];
    const lora = {
      ...{ type: "basics-station", listen: { host: "127.0.0.1", port: 0 }, region: "EU868", powerDbm: 14 },
      tls: { certFile, keyFile },
    } satisfies LoraConfig;
    expect(await troubleOn(lora)).toBe("certificate");
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const files = ["-keyout", keyFile, "-out", certFile, "-days", "1", "-subj", "/CN=test"];
    execFileSync("openssl", [...request, ...files], { stdio: "ignore" });
    const validFromMs = new X509Certificate(readFileSync(certFile)).validFromDate.getTime();
    const clock = new ManualClock(validFromMs + 600_000);
    const radio = await open(lora, clock);
    expect(radio.cautions?.()).toEqual([]);
    rmSync(keyFile);
    await clock.advance(5000);
    expect(radio.cautions?.().join()).toContain("lns.key: there is no such file");
    writeFileSync(keyFile, "-----BEGIN PRIVATE KEY-----\nMIG");
    await clock.advance(5000);
    expect(radio.cautions?.().join()).toContain("is cut off: write it again");
    execFileSync("openssl", [...request, ...files], { stdio: "ignore" });
    await clock.advance(5000);
    expect(radio.cautions?.()).toEqual([]);
    clock.stepWall(2 * 86_400_000);
    await clock.advance(5000);
    expect(radio.cautions?.().join()).toContain("[lora] cert_file");
    await radio.close();
    expect(clock.pending).toBe(0);
  });
});
