import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Clock, Log } from "@earshot/protocol";
import { errorText, keyFile, readNamedFile } from "@earshot/protocol/runtime";
import { ConfigError } from "@earshot/protocol/runtime/config";
import {
  formatNoteKey,
  isKeyName,
  type LogPolicy,
  parsePolicy,
  SIGNATURE_TYPES,
} from "@earshot/protocol/tlog";
import { serveHttp } from "../http/serve.ts";
import { Witness } from "./witness.ts";
import { openWitnessState } from "./witness-state.ts";

const USAGE = `Usage: gateway witness --name NAME --logs FILE [--state FOLDER] [--listen HOST:PORT]

Cosigns the checkpoints of other networks' logs (c2sp.org/tlog-witness), each only if it continues the one before.

  --name NAME         the witness's name, such as witness.example.com/earshot: without spaces and +
  --logs FILE         the logs that it knows, a line each: log VERIFIER-KEY; at the end the line: quorum none
  --state FOLDER      its key and what it has cosigned: back it up (.earshot/witness)
  --listen HOST:PORT  where it is asked (127.0.0.1:7380)
`;

export interface WitnessIo {
  out(text: string): void;
  clock: Pick<Clock, "now">;
  log: Log;
  signal: AbortSignal;
}

const CONNECTIONS = { max: 256, maxPerAddress: 64 };
const MAX_LOGS_BYTES = 1_048_576;

interface WitnessSettings {
  name: string;
  logs: LogPolicy["logs"];
  folder: string;
  host: string;
  port: number;
}

/** Runs a witness until `signal` is aborted. @throws {ConfigError} that says what is wrong with the arguments */
export async function runWitness(
  args: readonly string[],
  { out, clock, log, signal }: WitnessIo,
): Promise<void> {
  const { name, logs, folder, host, port } = settingsOf(args);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const signer = keyFile(join(folder, "witness.key"), { of: "witness" }).open();
  using state = openWitnessState(join(folder, "witness.db"));
  const witness = new Witness({ name, signer, logs, state, clock, log });
  const server = await serveHttp({
    host,
    port,
    limits: CONNECTIONS,
    trustedProxies: [],
    fetch: witness.fetch,
  });
  const vkey = formatNoteKey({ name, type: SIGNATURE_TYPES.cosignature, publicKey: signer.publicKey });
  out(`Witness      ${server.url}\nVerifier key ${vkey}\n`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
}

function settingsOf(args: readonly string[]): WitnessSettings {
  const { name = "", logs: file = "", state: folder, listen } = parsed(args);
  const [, host = "", port = ""] = /^(?:\[?(.*?)\]?):(\d{1,5})$/.exec(listen) ?? [];
  const problem = !isKeyName(name)
    ? `--name is "${name}"; allowed is a name without spaces and +`
    : file === ""
      ? "--logs is missing; allowed is a file with a line for each log"
      : host === "" || Number(port) > 65_535
        ? `--listen is "${listen}"; allowed is HOST:PORT`
        : undefined;
  if (problem !== undefined) throw new ConfigError([`${problem}\n\n${USAGE}`]);
  return { name, logs: logsIn(file), folder, host, port: Number(port) };
}

function parsed(args: readonly string[]) {
  const text = { type: "string" } as const;
  const options = {
    ...{ name: text, logs: text },
    state: { ...text, default: ".earshot/witness" },
    listen: { ...text, default: "127.0.0.1:7380" },
  };
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new ConfigError([`${errorText(error)}\n\n${USAGE}`]);
  }
}

function logsIn(file: string): LogPolicy["logs"] {
  let text: string;
  try {
    text = readNamedFile(file, MAX_LOGS_BYTES).toString("utf8");
  } catch (error) {
    throw new ConfigError([`--logs: ${errorText(error)}`]);
  }
  const read = parsePolicy(text);
  if (!read.ok) throw new ConfigError([`--logs ${file}: ${read.problem}`]);
  if (read.policy.logs.length > 0) return read.policy.logs;
  throw new ConfigError([`--logs ${file}: it has no log; allowed are lines: log VERIFIER-KEY`]);
}
