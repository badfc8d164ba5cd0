import { afterAll, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { systemClock } from "@earshot/protocol/system-clock";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const STOP_LIMIT_MS = 3000;

const started: Bun.Subprocess[] = [];
afterAll(() => {
  for (const process of started) process.kill("SIGKILL");
});

function start(...args: string[]) {
  const process = Bun.spawn(["bun", MAIN, ...args], { stdout: "pipe", stderr: "pipe" });
  started.push(process);
  return process;
}

/** Reads until `pattern` matches what has come so far. */
async function readUntil(stream: ReadableStream<Uint8Array>, pattern: RegExp): Promise<RegExpExecArray> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream.values({ preventCancel: true })) {
    text += decoder.decode(chunk, { stream: true });
    const match = pattern.exec(text);
    if (match !== null) return match;
  }
  throw new Error(`The stream ended before ${pattern}: ${text}`);
}

test("the demo brings a fleet online over real sockets, serves its pages, and Ctrl-C ends it within 3 s", async () => {
  const demo = start("demo", "--hotspots", "4", "--seed", "1");
  const [, seed] = await readUntil(demo.stdout, /seed (\d+)/);
  expect(seed).toBe("1");
  const [, fleet] = await readUntil(demo.stdout, /Fleet page +(http\S+)/);
  await readUntil(demo.stderr, /4 of 4 hotspots online/);
  expect(await (await fetch(new URL("/healthz", fleet))).text()).toContain("ok");
  demo.kill("SIGINT");
  const late = systemClock.sleep(STOP_LIMIT_MS).then(() => "still running");
  expect(await Promise.race([demo.exited, late])).toBe(0);
  await expect(fetch(fleet ?? "")).rejects.toThrow();
}, 60_000);

test("bad options are named and end with status 2", async () => {
  const bad = start("demo", "--hotspots", "none");
  expect(await new Response(bad.stderr).text()).toContain('--hotspots is "none"');
  expect(await bad.exited).toBe(2);
});

test("--help says how to use it", async () => {
  const help = start("fleet", "--help");
  expect(await new Response(help.stdout).text()).toContain("--virtual");
  expect(await help.exited).toBe(0);
});
