import { beforeAll, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "./system-clock.ts";
import { readTlsFiles, type TlsPaths } from "./tls-files.ts";

const isMissing =
  spawnSync("openssl", ["version"]).error !== undefined && process.env.EARSHOT_REQUIRE_TOOLS !== "1";
const NAMES = { ca: "[broker] ca_file", cert: "[broker] cert_file", key: "[broker] key_file" };
const DAY_MS = 86_400_000;

/** Files in memory, as they are read; what is not there fails as the file system does. */
const files = new Map<string, Buffer | string>();
const read = (path: string): Uint8Array => {
  const found = files.get(path);
  if (found === undefined) throw new Error(`${path}: there is no such file`);
  return Buffer.from(found);
};
let nowMs = 0;
const readAll = (paths: TlsPaths, atMs = nowMs) => readTlsFiles(paths, NAMES, atMs, read);
const problemWith = (paths: TlsPaths): Promise<string> =>
  readAll(paths).then(
    () => "none",
    ({ message }: Error) => message,
  );
const text = (path: string): string => String(files.get(path));

describe.skipIf(isMissing)("certificates and keys as they are found on disks", () => {
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), "earshot-tls-"));
    const openssl = (...args: string[]) => {
      const { status, stderr } = spawnSync("openssl", args, { cwd: folder });
      if (status !== 0) throw new Error(String(stderr));
    };
    const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    for (const [name, days] of [
      ["ca", "30"],
      ["other", "3650"],
    ] as const) {
      const made = ["-days", days, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.crt`];
      openssl("req", "-x509", ...ec, ...made);
    }
    openssl("x509", "-in", "ca.crt", "-outform", "DER", "-out", "ca.der");
    const bundle = ["-inkey", "ca.key", "-in", "ca.crt", "-passout", "pass:", "-out", "ca.p12"];
    openssl("pkcs12", "-export", ...bundle);
    openssl("pkey", "-in", "ca.key", "-aes256", "-passout", "pass:secret", "-out", "locked.key");
    openssl("ec", "-in", "ca.key", "-aes256", "-passout", "pass:secret", "-out", "locked-old.key");
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", "with-parameters.key");
    openssl("req", "-x509", "-key", "with-parameters.key", "-subj", "/CN=p", "-days", "30", "-out", "p.crt");
    openssl("genpkey", "-algorithm", "ed25519", "-out", "ed.key");
    openssl("req", "-x509", "-key", "ed.key", "-subj", "/CN=ed", "-days", "30", "-out", "ed.crt");
    const names = ["ca.crt", "ca.key", "ca.der", "ca.p12", "other.crt", "other.key", "locked.key"];
    names.push("locked-old.key", "with-parameters.key", "p.crt", "ed.key", "ed.crt");
    for (const name of names) files.set(name, readFileSync(join(folder, name)));
    rmSync(folder, { recursive: true });
    // After the last of them is made: a second that begins between two would make one "not valid yet".
    nowMs = systemClock.now();
    files.set("bom.crt", `\ufeff${text("ca.crt")}`);
    files.set("windows.crt", Buffer.from(`\ufeff${text("ca.crt").replaceAll("\n", "\r\n")}`, "utf16le"));
    files.set("spaces.crt", text("ca.crt").replaceAll("\n", "  \r\n"));
    files.set("bundle.crt", `# two of them\n${text("ca.crt")}\nOther:\n${text("other.crt")}`);
    files.set("combined.pem", text("ca.key") + text("ca.crt"));
    files.set("wrong-order.crt", text("other.crt") + text("ca.crt"));
    files.set("empty.crt", "");
    files.set("half.crt", text("ca.crt").slice(0, 300));
    files.set("half-of-two.crt", text("ca.crt") + text("other.crt").slice(0, 300));
    files.set("half-body.crt", text("ca.crt").replace(/.{64}\n.{64}\n/, ""));
    files.set("words.crt", "see the wiki\n");
  });

  test.each(["bom.crt", "windows.crt", "spaces.crt"])(
    "%s is read like the file that it was",
    async (path) => {
      expect(await readAll({ ca: path })).toEqual({ ca: text("ca.crt"), doubts: [] });
    },
  );

  test("several authorities in one file are all handed on, remarks are not", async () => {
    expect((await readAll({ ca: "bundle.crt" })).ca).toBe(text("ca.crt") + text("other.crt"));
  });

  test.each([
    ["ca.crt", "ca.key"],
    ["combined.pem", "combined.pem"],
    ["p.crt", "with-parameters.key"],
    ["ed.crt", "ed.key"],
  ])("%s and %s belong together", async (cert, key) => {
    const pems = await readAll({ cert, key });
    expect(pems.cert).toMatch(/^-----BEGIN CERTIFICATE-----\n[^-]+-----END CERTIFICATE-----\n$/);
    expect(pems.key).toMatch(/^-----BEGIN (EC )?PRIVATE KEY-----\n[^-]+-----END (EC )?PRIVATE KEY-----\n$/);
    expect(pems.doubts).toEqual([]);
  });

  test.each([
    [{ ca: "late.crt" }, "[broker] ca_file: late.crt: there is no such file"],
    [{ ca: "empty.crt" }, "[broker] ca_file empty.crt is empty: write it again, or wait until it is written"],
    [{ ca: "half.crt" }, "[broker] ca_file half.crt is cut off: write it again, or wait until it is written"],
    [{ ca: "half-of-two.crt" }, "[broker] ca_file half-of-two.crt is cut off"],
    [{ ca: "half-body.crt" }, "[broker] ca_file half-body.crt is damaged: the certificate cannot be read"],
    [{ ca: "words.crt" }, '[broker] ca_file words.crt is not PEM: it has no line "-----BEGIN'],
    [{ ca: "ca.key" }, "[broker] ca_file ca.key has no certificate but PRIVATE KEY"],
    [
      { ca: "ca.der" },
      "is not PEM but DER: openssl x509 -inform DER -in ca.der -out NEW.pem, and name that file",
    ],
    [{ ca: "ca.p12" }, "is not PEM but DER: openssl pkcs12 -nodes -in ca.p12 -out NEW.pem"],
    [{ cert: "ca.crt", key: "ca.crt" }, "[broker] key_file ca.crt has no private key but CERTIFICATE"],
    [
      { cert: "ca.crt", key: "other.key" },
      "[broker] key_file other.key is not the key of the certificate in ca.crt: give the two that were made together",
    ],
    [{ cert: "wrong-order.crt", key: "ca.key" }, "in place 2: it must be the first"],
    [
      { cert: "ca.crt", key: "locked.key" },
      "is locked with a passphrase: openssl pkey -in locked.key -out NEW.pem",
    ],
    [{ cert: "ca.crt", key: "locked-old.key" }, "is locked with a passphrase"],
  ])("%p: a sentence that names the file and what to do", async (paths, sentence) => {
    expect(await problemWith(paths)).toContain(sentence);
  });

  test("what is not valid now is a doubt, not a refusal: the other side decides, and this clock may be wrong", async () => {
    const paths = { cert: "ca.crt", key: "ca.key" };
    expect((await readAll(paths, 0)).doubts[0]).toMatch(
      /^\[broker\] cert_file ca\.crt is not valid before 20\d\d-\d\d-\d\d, and this machine's clock says 1970-01-01: set the clock, by NTP or GPS$/,
    );
    expect((await readAll(paths, nowMs + 60 * DAY_MS)).doubts[0]).toMatch(
      /^\[broker\] cert_file ca\.crt expired on 20\d\d-\d\d-\d\d \(this machine's clock says .+\): renew it; it is read again by itself$/,
    );
    expect((await readAll({ ca: "ca.crt" }, 0)).doubts).toHaveLength(1);
  });

  test("one authority of several that has expired is nothing to speak of", async () => {
    const { ca, doubts } = await readAll({ ca: "bundle.crt" }, nowMs + 60 * DAY_MS);
    expect(ca?.match(/BEGIN/g)).toHaveLength(2);
    expect(doubts).toEqual([]);
  });
});
