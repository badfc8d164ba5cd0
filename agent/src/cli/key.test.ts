import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { hotspotId, openKeyChange, sha256, signerFromSeed, utf8 } from "@earshot/protocol";
import { ManualClock, seededRandom } from "@earshot/protocol/testing";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { main } from "./main.ts";

const NETWORK = "testnet-1";
const NOW_MS = Date.UTC(2026, 5, 1);
const SEED = sha256(utf8("hotspot"));
const old = signerFromSeed(SEED);

/** Runs `earshot-agent key …` in a folder with the key of a hotspot. */
async function run(args: readonly string[], folder = newFolder()) {
  const text = { out: "", error: "" };
  const terminal = {
    ...{ clock: new ManualClock(NOW_MS), random: seededRandom(1), environment: {}, version: "1.2.3" },
    out(line: string) {
      text.out += line;
    },
    error(line: string) {
      text.error += line;
    },
    ...{ logReader: "program" as const, isInteractive: false, signal: new AbortController().signal },
  };
  const filled = args.map((arg) => arg.replace("~", folder));
  const code = await main(["key", ...filled], terminal);
  return { code, ...text, folder };
}

function newFolder(): string {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "backup.key"), SEED, { mode: 0o600 });
  return folder;
}

const WHOSE = ["--key", "~/backup.key", "--network", NETWORK];

function changeIn(out: string) {
  const { message } = JSON.parse(out) as { message: string };
  const opened = openKeyChange(Uint8Array.fromBase64(message), NETWORK);
  if (!opened.ok) throw new Error(opened.code);
  return opened.change;
}

describe("earshot-agent key", () => {
  test("rotate signs with both keys, and makes the new one, for its owner alone", async () => {
    const { code, out, error, folder } = await run(["rotate", "--to", "~/new.key", ...WHOSE]);
    expect(code).toBe(0);
    const file = join(folder, "new.key");
    const next = signerFromSeed(readFileSync(file));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(changeIn(out)).toEqual({ oldKey: old.publicKey, newKey: next.publicKey, atMs: NOW_MS });
    expect(error).toContain(`${hotspotId(next.publicKey)} takes the place of ${hotspotId(old.publicKey)}`);
    // A second time the same key takes its place.
    const again = await run(["rotate", "--to", "~/new.key", ...WHOSE], folder);
    expect(changeIn(again.out).newKey).toEqual(next.publicKey);
  });

  test("revoke signs without any configuration, from a backup", async () => {
    const { code, out, folder } = await run(["revoke", ...WHOSE]);
    expect(code).toBe(0);
    expect(changeIn(out)).toEqual({ oldKey: old.publicKey, newKey: null, atMs: NOW_MS });
    expect(readFileSync(join(folder, "backup.key"))).toEqual(Buffer.from(SEED));
  });

  test("nothing secret is printed", async () => {
    const { out, error, folder } = await run(["rotate", "--to", "~/new.key", ...WHOSE]);
    for (const seed of [SEED, readFileSync(join(folder, "new.key"))]) {
      for (const form of [seed.toHex(), new Uint8Array(seed).toBase64()])
        expect(out + error).not.toContain(form);
    }
  });

  test.each([
    [["retire", ...WHOSE], 'Unknown command "key retire"'],
    [["rotate", ...WHOSE], "--to FILE is missing"],
    [["revoke", "--to", "~/x", ...WHOSE], "--to belongs to key rotate"],
    [["revoke"], "Whose key is not clear"],
    [["revoke", "--key", "~/backup.key"], "Whose key is not clear"],
    [["revoke", "--key", "~/backup.key", "--network", "No Net"], "--network is No Net; allowed is"],
    [["revoke", ...WHOSE, "--gateway", "ftp://x"], "--gateway is ftp://x; allowed is http://"],
  ])("%j is answered in words, and signs nothing", async (args, words) => {
    const { code, out, error, folder } = await run(args);
    expect([code, out]).toEqual([2, ""]);
    expect(error).toContain(words);
    expect(existsSync(join(folder, "new.key"))).toBe(false);
  });

  test("a key that is not there is not made, to be revoked", async () => {
    const { code, error, folder } = await run(["revoke", "--key", "~/none.key", "--network", NETWORK]);
    expect([code, existsSync(join(folder, "none.key"))]).toEqual([1, false]);
    expect(error).toContain("none.key does not exist");
  });
});

describe("sent to a gateway", () => {
  let answer: [status: number, body: string] = [201, ""];
  const received: { url?: string | undefined; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      received.push({ url: request.url, body });
      response.writeHead(answer[0], { "content-type": "application/json" }).end(answer[1]);
    });
  });
  const listening = new Promise<string>((resolve) => {
    server.listen(0, "127.0.0.1", () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
  afterAll(() => server.close());

  const sent = async (status: number, body: object | string) => {
    answer = [status, typeof body === "string" ? body : JSON.stringify(body)];
    return run(["revoke", ...WHOSE, "--gateway", await listening]);
  };

  test("it says from when on it counts", async () => {
    const { code, out, error } = await sent(201, { fromEpoch: 7, fromMs: NOW_MS });
    expect([code, out]).toEqual([0, ""]);
    expect(error).toContain("is revoked from 2026-06-01 00:00 UTC on, epoch 7: use the old key until then");
    expect(received.at(-1)?.url).toBe("/api/v1/key-changes");
    expect(changeIn(received.at(-1)?.body ?? "").newKey).toBeNull();
  });

  test("a refusal is told in the gateway's words; what it knows already is done", async () => {
    const refused = await sent(409, {
      error: { code: "unknown_hotspot", message: "z6Mk is not registered" },
    });
    expect([refused.code, refused.error]).toEqual([1, "error z6Mk is not registered\n"]);
    const known = await sent(409, { error: { code: "already_known", message: "It is known already" } });
    expect(known).toMatchObject({ code: 0 });
    expect(known.error).toContain("It is known already");
    const other = await sent(502, "<html>");
    expect([other.code, other.error]).toEqual([1, "error the gateway answers HTTP 502\n"]);
  });

  test("one that is not there is told", async () => {
    const { code, error } = await run(["revoke", ...WHOSE, "--gateway", "http://127.0.0.1:9"]);
    expect(code).toBe(1);
    expect(error).toContain("http://127.0.0.1:9/api/v1/key-changes cannot be reached");
  });
});
