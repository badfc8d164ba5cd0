import { Database } from "bun:sqlite";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NoteKey } from "@earshot/protocol/tlog";
import { EMPTY_TREE_ROOT, formatNoteKey, parseNoteKey } from "@earshot/protocol/tlog";

/*
 * Programs of others that read logs and witness them, made by `go install . tool` in gateway/test/tlog-reader.
 */

/** The folder that they are in. */
const TOOLS = process.env.EARSHOT_LOG_TOOLS ?? "";
const LITEWITNESS = join(TOOLS, "litewitness");
export const TLOG_READER = join(TOOLS, "tlog-reader");
export const areLogToolsMissing = TOOLS === "" || !existsSync(LITEWITNESS) || !existsSync(TLOG_READER);

const MAIN = new URL("../src/main.ts", import.meta.url).pathname;

/** A witness in a process of its own, which keeps what it has cosigned when it ends. */
export interface WitnessProcess extends AsyncDisposable {
  url: string;
  key: NoteKey;
  /** Killed without warning, and begun again. */
  restart(): Promise<void>;
}

/** @param log the one log that it knows */
export type StartWitness = (log: NoteKey) => Promise<WitnessProcess>;

/** `gateway witness` */
export const startOwnWitness: StartWitness = (log) =>
  witnessProcess(async (folder) => {
    const logs = join(folder, "logs");
    writeFileSync(logs, `log ${formatNoteKey(log)}\nquorum none\n`);
    const options = ["--name", "earshot.example/witness", "--logs", logs, "--state", join(folder, "state")];
    const program = spawn([process.execPath, MAIN, "witness", ...options, "--listen", "127.0.0.1:0"]);
    const said = await untilSaid(program.stdout, /key (\S+)\n/);
    return { program, url: /(http:\S+)/.exec(said)?.[1] ?? "", vkey: /key (\S+)\n/.exec(said)?.[1] ?? "" };
  });

/** The real litewitness, with its key in an ssh-agent and the log's row in its database. */
export const startLitewitness: StartWitness = (log) => {
  const agents: { folder: string; agent: ReturnType<typeof spawn>; fingerprint: string }[] = [];
  return witnessProcess(
    async (folder) => {
      const known = agents.at(-1) ?? (await sshAgent(folder));
      agents.push(known);
      makeDatabase(join(folder, "witness.db"), log);
      const port = await freePort();
      const program = spawn([
        ...[LITEWITNESS, "-name", "other.example/witness", "-db", join(folder, "witness.db")],
        ...["-ssh-agent", join(folder, "agent"), "-key", known.fingerprint, "-listen", `127.0.0.1:${port}`],
      ]);
      const said = await untilSaid(program.stderr, /msg=listening/);
      const url = `http://127.0.0.1:${port}`;
      await untilAnswered(url);
      return { program, url, vkey: /vkey=(\S+)/.exec(said)?.[1] ?? "" };
    },
    () => agents[0]?.agent.kill("SIGKILL"),
  );
};

interface Begun {
  program: ReturnType<typeof spawn>;
  url: string;
  vkey: string;
}

async function witnessProcess(
  begin: (folder: string) => Promise<Begun>,
  end: () => void = () => {},
): Promise<WitnessProcess> {
  const folder = mkdtempSync(join(tmpdir(), "earshot-witness-"));
  let begun = await begin(folder);
  const key = parseNoteKey(begun.vkey);
  if (key === undefined) throw new Error(`No verifier key: ${begun.vkey}`);
  const kill = async () => {
    begun.program.kill("SIGKILL");
    await begun.program.exited;
  };
  return {
    key,
    get url() {
      return begun.url;
    },
    async restart() {
      await kill();
      begun = await begin(folder);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The gateway itself; disposing of it ends it. */
export const startGateway = (config: string) => spawn([process.execPath, MAIN, "--config", config]);

export async function verifyEpoch(path: string, policy: string): Promise<{ status: number; out: string }> {
  const program = spawn([process.execPath, MAIN, "verify-epoch", path, "--policy", policy]);
  const [status, out, err] = await Promise.all([
    program.exited,
    new Response(program.stdout).text(),
    new Response(program.stderr).text(),
  ]);
  return { status, out: out + err };
}

const spawn = (command: string[]) => Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });

async function sshAgent(folder: string) {
  const socket = join(folder, "agent");
  mkdirSync(folder, { recursive: true });
  const agent = spawn(["ssh-agent", "-D", "-a", socket]);
  // It says so when it listens.
  await untilSaid(agent.stdout, /SSH_AUTH_SOCK/);
  const key = join(folder, "key");
  run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key]);
  run(["ssh-add", "-q", key], { SSH_AUTH_SOCK: socket });
  const fingerprint = /SHA256:\S+/.exec(run(["ssh-keygen", "-lf", `${key}.pub`]))?.[0] ?? "";
  return { folder, agent, fingerprint };
}

function run([program = "", ...args]: string[], env: Record<string, string> = {}): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    env: { ...process.env, ...env },
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return stdout;
}

/** As litewitness makes it; a program beside it, which adds logs, needs what cannot be had everywhere. */
function makeDatabase(path: string, log: NoteKey): void {
  if (existsSync(path)) return;
  const database = new Database(path);
  database.run(
    "CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL)",
  );
  database.run(
    "CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL, FOREIGN KEY(origin) REFERENCES log(origin))",
  );
  database.run("INSERT INTO log VALUES (?, 0, ?)", [log.name, EMPTY_TREE_ROOT.toBase64()]);
  database.run("INSERT INTO key VALUES (?, ?)", [log.name, formatNoteKey(log)]);
  database.close();
}

/** What a stream says until it has said this. */
export async function untilSaid(stream: ReadableStream<Uint8Array>, what: RegExp): Promise<string> {
  let said = "";
  const decoder = new TextDecoder();
  for await (const part of stream.values({ preventCancel: true })) {
    said += decoder.decode(part, { stream: true });
    if (what.test(said)) return said;
  }
  throw new Error(`It ended before it said ${what}: ${said}`);
}

async function untilAnswered(url: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await (await fetch(url)).text();
      return;
    } catch (error) {
      if (attempt === 1000) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
