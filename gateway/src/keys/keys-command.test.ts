import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  epochAtMs,
  hotspotId,
  KEY_ROLES,
  type KeyRole,
  NetworkKeys,
  sha256,
  signerFromSeed,
  utf8,
} from "@earshot/protocol";
import { keyFiles, readDocuments, rootOf } from "./key-files.ts";
import { KeyRing } from "./key-ring.ts";
import { runKeys } from "./keys-command.ts";

const all = mkdtempSync(join(tmpdir(), "earshot-keys-"));
afterAll(() => rmSync(all, { recursive: true }));

const CLOCKWORK = { entropyPeriodMs: 60_000, epochPeriods: 1440 };
const START_MS = Date.UTC(2026, 10, 30, 12);
const EPOCH = epochAtMs(START_MS, CLOCKWORK);
let stateDir: string;
let nowMs: number;
/** Everything that any of these commands ever printed. */
let printed = "";

beforeEach(() => {
  stateDir = join(mkdtempSync(join(all, "state-")), "gateway");
  nowMs = START_MS;
  secrets = {};
});

let secrets: Record<string, string> = {};

async function keys(...args: string[]) {
  const io = { out: "", err: "" };
  const status = await runKeys(args, {
    out(text) {
      io.out += text;
    },
    err(text) {
      io.err += text;
    },
    clock: { now: () => nowMs },
    environment: { EARSHOT_GATEWAY_STATE_DIR: stateDir, ...secrets },
  });
  printed += io.out + io.err;
  return { status, ...io };
}

const rootFile = () => join(stateDir, "network.key");
const known = (): NetworkKeys => {
  const read = NetworkKeys.read("demo", rootOf({ stateDir }), readDocuments(stateDir));
  if (!read.ok) throw new Error(read.why);
  return read.keys;
};
const signing = (role: KeyRole, epoch: number) => known().signing(role, epoch).map(hotspotId);
/** A ring as the gateway loads it. */
const ring = (places = {}) =>
  KeyRing.load(
    { network: "demo", ...CLOCKWORK },
    rootOf({ stateDir, ...places }),
    keyFiles({ stateDir, ...places }),
    { now: () => nowMs },
  );

describe("init", () => {
  test("of a new network makes the root key and one for each role, which count from the beginning", async () => {
    const { status, out } = await keys("init");
    expect(status).toBe(0);
    expect(out).toContain(`network.public_key) and with verify-epoch --key: ${hotspotId(known().root)}`);
    for (const role of KEY_ROLES) expect(known().maySign(role, known().root, 0)).toBe(false);
    const files = readdirSync(join(stateDir, "keys")).sort();
    expect(files).toEqual(["downlink-1.key", "entropy-1.key", "epochs-1.key", "log-1.key", "registry-1.key"]);
    const secret = [rootFile(), ...files.map((file) => join(stateDir, "keys", file))];
    expect(secret.map((path) => statSync(path).mode & 0o777)).toEqual(secret.map(() => 0o600));
    expect(ring().problem()).toBeUndefined();
  });

  test("of one that runs leaves everything to its root until the next epoch but one", async () => {
    const root = signerFromSeed(sha256(utf8("root")));
    mkdirSync(stateDir, { recursive: true });
    writeFileSync(rootFile(), sha256(utf8("root")), { mode: 0o600 });
    const { out } = await keys("init");
    expect(out).toContain(`The root key signs until epoch ${EPOCH + 2} begins (2026-12-02T00:00:00.000Z)`);
    expect(signing("entropy", EPOCH + 1)).toEqual([hotspotId(root.publicKey)]);
    expect(known().maySign("entropy", root.publicKey, EPOCH + 2)).toBe(false);
    expect(await keys("init")).toMatchObject({
      status: 1,
      err: "There are key documents already, up to version 1\n",
    });
  });
});

describe("rotate and revoke", () => {
  beforeEach(async () => void (await keys("init")));

  test("one role, all of them, at an epoch of one's own", async () => {
    const before = signing("entropy", EPOCH);
    expect((await keys("rotate", "entropy")).status).toBe(0);
    expect(signing("entropy", EPOCH + 1)).toEqual(before);
    expect(signing("entropy", EPOCH + 2)).not.toEqual(before);
    const log = signing("log", EPOCH);
    await keys("rotate", "all", "--epoch", String(EPOCH + 5));
    expect([signing("log", EPOCH + 4), signing("log", EPOCH + 5)]).toEqual([
      log,
      [expect.not.stringContaining(log[0] as string)],
    ]);
    expect(ring().problem()).toBeUndefined();
    expect(known().version).toBe(3);
  });

  test("a key that may be in other hands: from the next epoch on, and with another in its place", async () => {
    const [gone] = signing("downlink", EPOCH);
    const { out } = await keys("revoke", gone as string);
    expect(out).toContain(`${gone} (from epoch 0, revoked from epoch ${EPOCH + 1})`);
    expect(signing("downlink", EPOCH + 1)).not.toEqual([gone as string]);
    nowMs += 86_400_000;
    expect(await keys("revoke", gone as string)).toMatchObject({ status: 1 });
  });

  test("to a key that was made elsewhere: then no private key is made, and the gateway says that it is missing", async () => {
    const other = signerFromSeed(sha256(utf8("hardware"))).publicKey;
    const before = readdirSync(join(stateDir, "keys"));
    await keys("rotate", "epochs", "--key", hotspotId(other));
    expect(readdirSync(join(stateDir, "keys"))).toEqual(before);
    expect(ring().problem()).toContain(`that of ${hotspotId(other)}`);
    expect(ring({ secrets: { epochs: [sha256(utf8("hardware")).toHex()] } }).problem()).toBeUndefined();
  });

  test("need the root key, wherever it is, and nothing is made without it", async () => {
    const elsewhere = join(stateDir, "..", "stick.key");
    renameSync(rootFile(), elsewhere);
    const { status, err } = await keys("rotate", "log");
    expect([status, err]).toEqual([1, `The root key ${hotspotId(known().root)} is needed: --root FILE\n`]);
    expect(readdirSync(join(stateDir, "keys"))).toHaveLength(5);
    expect((await keys("rotate", "log", "--root", elsewhere)).status).toBe(0);
    expect(existsSync(rootFile())).toBe(false);
    expect(ring().problem()).toBeUndefined();
    writeFileSync(join(stateDir, "..", "other.key"), sha256(utf8("other")), { mode: 0o600 });
    const other = await keys("rotate", "log", "--root", join(stateDir, "..", "other.key"));
    expect([other.status, other.err]).toEqual([1, expect.stringContaining("is another network's")]);
  });

  test("killed after the private key and before the document: nothing has changed, and the next command finds the key", async () => {
    const documents = readFileSync(join(stateDir, "keys.cbor"));
    await keys("rotate", "entropy");
    const made = signing("entropy", EPOCH + 2);
    writeFileSync(join(stateDir, "keys.cbor"), documents);
    expect(ring().problem()).toBeUndefined();
    nowMs += 60_000;
    await keys("rotate", "entropy");
    expect(signing("entropy", EPOCH + 2)).toEqual(made);
  });
});

test("show says who signs what, and which private keys are here", async () => {
  await keys("init");
  const root = hotspotId(known().root);
  const [log] = signing("log", EPOCH);
  const lines = (await keys("show")).out.split("\n");
  expect(lines.slice(0, 3)).toEqual([
    `Network    demo, epoch ${EPOCH}`,
    `Root key   ${root}, here`,
    "Document   version 1 of 2026-11-30T12:00:00.000Z",
  ]);
  expect(lines).toContain(`log        ${log} (from epoch 0), here`);
  rmSync(rootFile());
  rmSync(join(stateDir, "keys", "log-1.key"));
  const without = (await keys("show")).out.split("\n");
  expect(without).toContain(`Root key   ${root}, not here`);
  expect(without).toContain(`log        ${log} (from epoch 0)`);
  rmSync(stateDir, { recursive: true });
  mkdirSync(stateDir);
  writeFileSync(rootFile(), sha256(utf8("root")), { mode: 0o600 });
  expect((await keys("show")).out).toEndWith("No key document: the root key signs everything\n");
});

describe("what cannot be", () => {
  test.each([
    [["rotate"], "rotate needs a role, entropy, registry, epochs, downlink, log, or all"],
    [["rotate", "root"], '"root" is none'],
    [["revoke", "z6Mk"], "the id of a key"],
    [["rotate", "log", "--epoch", "7"], `--epoch is "7"; ${EPOCH + 1}, the first that can be told in time`],
    [["rotate", "log", "--key", "z6Mk"], '--key is "z6Mk"'],
    [["burn"], "keys burn is no command"],
    [["show", "--all"], "--all"],
  ])("%p", async (args, why) => {
    await keys("init");
    const { status, err } = await keys(...args);
    expect([status, err]).toEqual([2, expect.stringContaining(why)]);
    expect(known().version).toBe(1);
  });

  test("before there is any key only init makes one", async () => {
    for (const args of [["show"], ["rotate", "log"]]) {
      const { status, err } = await keys(...args);
      expect([status, err]).toEqual([1, expect.stringContaining("There are no keys in")]);
    }
    expect(existsSync(stateDir)).toBe(false);
  });

  test("documents that are lost or cut, or of another length of epochs", async () => {
    await keys("init");
    const file = join(stateDir, "keys.cbor");
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, 100));
    expect((await keys("show")).err).toContain("cannot be read from byte 0 on: put it back from a copy");
    writeFileSync(file, "");
    expect((await keys("show")).err).toContain("cannot be read from byte 0 on");
    rmSync(file);
    rmSync(rootFile());
    expect(() => rootOf({ stateDir })).toThrow("is missing, but there are keys of roles");
    expect(existsSync(rootFile())).toBe(false);
  });

  test("a key that others can read, at the start and while it runs", async () => {
    await keys("init");
    const running = ring();
    const file = join(stateDir, "keys", "entropy-1.key");
    chmodSync(file, 0o644);
    expect(() => ring()).toThrow("has mode 0644, so others may have read the key");
    expect(running.refresh(nowMs)).toBe(false);
    expect(running.problem()).toContain("revoke it: gateway keys revoke KEY");
    chmodSync(file, 0o600);
    running.refresh(nowMs);
    expect(running.problem()).toBeUndefined();
  });
});

test("keys are found as credentials of systemd, whoever has them, if others cannot read them", async () => {
  await keys("init");
  const credentialsDir = mkdtempSync(join(all, "credentials-"));
  for (const file of readdirSync(join(stateDir, "keys"))) {
    const credential = join(credentialsDir, file.replace("-1", ""));
    renameSync(join(stateDir, "keys", file), credential);
    chmodSync(credential, 0o440);
  }
  writeFileSync(join(credentialsDir, "tls.key"), "of something else");
  expect(ring({ credentialsDir }).problem()).toBeUndefined();
  expect(ring().problem()).toContain("is not here");
  chmodSync(join(credentialsDir, "log.key"), 0o444);
  expect(() => ring({ credentialsDir })).toThrow("has mode 0444");
});

test("keys in the environment are used, and never shown, right or wrong", async () => {
  const seed = sha256(utf8("in the environment"));
  const root = signerFromSeed(seed);
  secrets = { EARSHOT_GATEWAY_KEYS__NETWORK_SECRET: seed.toHex() };
  expect((await keys("init")).out).toContain(hotspotId(root.publicKey));
  for (const wrong of ["3141592653589793", `${seed.toHex()},3141592653589793`, "31".repeat(32)]) {
    secrets.EARSHOT_GATEWAY_KEYS__LOG_SECRET = wrong;
    const { status, err } = await keys("show");
    expect([status, err]).toEqual([1, expect.stringContaining("log_secret")]);
    expect(err).not.toContain("314159265");
    expect(err).not.toContain("3131313131");
    expect(err).not.toContain(seed.toHex());
  }
});

test("no private key is ever printed, in whatever form", () => {
  const folders = readdirSync(all).flatMap((name) => [
    join(all, name),
    join(all, name, "gateway"),
    join(all, name, "gateway", "keys"),
  ]);
  const seeds = folders
    .filter((folder) => existsSync(folder) && statSync(folder).isDirectory())
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((file) => file.endsWith(".key"))
        .map((file) => join(folder, file)),
    )
    .map((file) => new Uint8Array(readFileSync(file)))
    .filter(({ length }) => length === 32);
  expect(seeds.length).toBeGreaterThan(40);
  expect(printed.length).toBeGreaterThan(5000);
  for (const seed of seeds) {
    for (const form of [
      seed.toHex(),
      seed.toBase64(),
      seed.toBase64({ alphabet: "base64url" }),
      String(seed),
    ]) {
      expect(printed.toLowerCase()).not.toContain(form.slice(0, 20).toLowerCase());
    }
  }
});
