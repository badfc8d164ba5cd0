import { resolve } from "node:path";
import { parseArgs } from "node:util";
import {
  hotspotId,
  isNetworkName,
  type Signer,
  sealRevocation,
  sealRotation,
} from "@earshot/protocol/hotspot";
import { abortAfter, errorText, type KeyFile, keyFile } from "@earshot/protocol/runtime";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { loadConfig } from "../config/load.ts";
import { minuteText } from "../health/time-text.ts";
import { hotspotKey } from "../start/hotspot-key.ts";
import type { ExitCode, Terminal } from "../terminal.ts";

const KEY_USAGE = `Usage: earshot-agent key rotate --to FILE WHOSE [--gateway URL]
       earshot-agent key revoke WHOSE [--gateway URL]

  rotate   another key takes this hotspot's place, with its position, its payee and its history, as after a repair;
           FILE holds it, and is made when it is not there
  revoke   the hotspot's key counts no more: its card was lost or copied, and nothing takes its place

  WHOSE    --config FILE, the hotspot's configuration, or --key FILE --network NAME, such as a backup of its key
  URL      of a gateway, to which it is sent. Without it the signed message is printed, to be sent later from anywhere:
           curl --json @MESSAGE URL/api/v1/key-changes

Either counts from the network's next epoch on, and for ever. What was earned stays claimable by the payee.
`;

const WAIT_MS = 30_000;

interface Whose {
  key: KeyFile;
  network: string;
}

/** Signs that the hotspot's key is replaced or revoked, and sends it where a gateway is named. */
export async function key(args: string[], terminal: Terminal): Promise<ExitCode> {
  if (args.includes("--help") || args.includes("-h")) {
    terminal.out(KEY_USAGE);
    return 0;
  }
  const parsed = parse(args, terminal);
  if (typeof parsed === "string") {
    terminal.error(`${parsed}\n\n${KEY_USAGE}`);
    return 2;
  }
  const { whose, to, gateway } = parsed;
  const old = whose.key.openExisting();
  if (old === undefined) {
    terminal.error(`error There is no key to change: ${whose.key.description} does not exist\n`);
    return 1;
  }
  const nowMs = Math.floor(terminal.clock.now());
  if (to === undefined)
    return handOver(sealRevocation(old, whose.network, nowMs), { old, gateway }, terminal);
  const next = keyFile(to, { of: "hotspot", mayBeOthers: true }).open();
  return handOver(sealRotation(old, next, whose.network, nowMs), { old, next, gateway }, terminal);
}

interface Parsed {
  whose: Whose;
  /** File of the new key; absent when the old one is revoked. */
  to: string | undefined;
  gateway: URL | undefined;
}

/** What is asked for, or a sentence about what is wrong with it. */
function parse(args: string[], terminal: Terminal): Parsed | string {
  const text = { type: "string" } as const;
  const options = {
    config: { ...text, short: "c" },
    key: text,
    network: text,
    to: text,
    gateway: text,
  } as const;
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true });
    const [what, ...more] = positionals;
    if ((what !== "rotate" && what !== "revoke") || more.length > 0)
      return `Unknown command "key ${positionals.join(" ")}"; allowed are key rotate, key revoke`;
    const { to } = values;
    if (what === "rotate" && (to ?? "") === "") return "--to FILE is missing: the new key";
    if (what === "revoke" && to !== undefined) return "--to belongs to key rotate";
    const whose = whoseOf(values, terminal);
    if (typeof whose === "string") return whose;
    const gateway = values.gateway === undefined ? undefined : URL.parse(values.gateway);
    const isUrl = gateway === undefined || /^https?:$/.test(gateway?.protocol ?? "");
    if (!isUrl) return `--gateway is ${values.gateway}; allowed is http://… or https://…`;
    return { whose, to: to === undefined ? undefined : resolve(to), gateway: gateway ?? undefined };
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return errorText(error);
  }
}

/** @throws {ConfigError} */
function whoseOf(
  { config: file, key: path, network }: { config?: string; key?: string; network?: string },
  { environment, error }: Terminal,
): Whose | string {
  if (file !== undefined && path === undefined && network === undefined) {
    const config = loadConfig(file, environment, (message) => error(`warn ${message}\n`));
    return { key: hotspotKey(config, true), network: config.core.network.name };
  }
  if (file !== undefined || path === undefined || network === undefined)
    return "Whose key is not clear: --config FILE, or --key FILE and --network NAME";
  if (!isNetworkName(network)) return `--network is ${network}; allowed is 1 to 32 of a-z, 0-9 and -`;
  return { key: keyFile(resolve(path), { of: "hotspot", mayBeOthers: true }), network };
}

interface Parties {
  old: Signer;
  next?: Signer;
  gateway: URL | undefined;
}

async function handOver(
  message: Uint8Array,
  { old, next, gateway }: Parties,
  terminal: Terminal,
): Promise<ExitCode> {
  const body = `${JSON.stringify({ message: message.toBase64() })}\n`;
  const what =
    next === undefined
      ? `${hotspotId(old.publicKey)} is revoked`
      : `${hotspotId(next.publicKey)} takes the place of ${hotspotId(old.publicKey)}`;
  if (gateway === undefined) {
    terminal.out(body);
    terminal.error(`Signed, and not sent: ${what}. Send it with curl --json @FILE URL/api/v1/key-changes\n`);
    return 0;
  }
  const answer = await send(new URL("/api/v1/key-changes", gateway), body, terminal);
  terminal.error(`${answer.ok ? `${what} ${answer.from}` : `error ${answer.why}`}\n`);
  return answer.ok ? 0 : 1;
}

type Sent = { ok: true; from: string } | { ok: false; why: string };

async function send(url: URL, body: string, { clock, signal }: Terminal): Promise<Sent> {
  const headers = { "content-type": "application/json" };
  const tooLong = new Error(`No answer in ${WAIT_MS / 1000} s`);
  try {
    return await abortAfter(clock, WAIT_MS, tooLong, signal, async (limited) => {
      const response = await fetch(url, { method: "POST", headers, body, signal: limited });
      return readAnswer(response.status, await response.json().catch(() => undefined));
    });
  } catch (error) {
    return { ok: false, why: `${url.href} cannot be reached: ${errorText(error)}` };
  }
}

function readAnswer(status: number, answer: unknown): Sent {
  const { fromEpoch, fromMs, error } = (answer ?? {}) as {
    fromEpoch?: number;
    fromMs?: number;
    error?: { code?: string; message?: string };
  };
  if (status === 201 && fromMs !== undefined)
    return {
      ok: true,
      from: `from ${minuteText(fromMs)} on, epoch ${fromEpoch}: use the old key until then`,
    };
  if (error?.code === "already_known") return { ok: true, from: `. ${error.message}` };
  return { ok: false, why: error?.message ?? `the gateway answers HTTP ${status}` };
}
