import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { errorText } from "@earshot/protocol/runtime";
import { ConfigError } from "@earshot/protocol/runtime/config";
import { type AuditResult, audit as auditReports, type Omission } from "../audit/audit.ts";
import { GatewayApi } from "../audit/gateway-api.ts";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load.ts";
import { RECEIPTS_FOLDER, ReceiptFiles } from "../receipts/receipt-files.ts";
import type { ExitCode, Terminal } from "../terminal.ts";

const AUDIT_USAGE = `Usage: earshot-agent audit --config FILE --gateway URL [--out FOLDER]

Checks that every report that the network has confirmed is in the root over its period and in its epoch's bundle. One that
is not is shown by two statements that the network has signed: they are written to one file, which anybody can check with
  bun run gateway verify-epoch --evidence FILE

  --gateway URL   the network's, http://… or https://…
  --out FOLDER    where those files are put; the current folder unless given

Exit status: 0 nothing is missing, 1 something is, or could not be checked, 2 wrong usage.
`;

/** Compares the kept receipts with what the network has published since. The agent may run meanwhile. */
export async function audit(args: string[], terminal: Terminal): Promise<ExitCode> {
  if (args.includes("--help") || args.includes("-h")) {
    terminal.out(AUDIT_USAGE);
    return 0;
  }
  const parsed = parse(args, terminal);
  if (typeof parsed === "string") {
    terminal.error(`${parsed}\n\n${AUDIT_USAGE}`);
    return 2;
  }
  const { config, gateway, out } = parsed;
  const { clock, signal } = terminal;
  const receipts = new ReceiptFiles(join(config.stateDir, RECEIPTS_FOLDER));
  const api = new GatewayApi(gateway, { clock, signal, fetch: globalThis.fetch });
  const result = await auditReports(receipts, api, config.core.network);
  terminal.out(resultText(result));
  for (const omission of result.omissions) terminal.out(`  ${writeEvidence(omission, out)}\n`);
  return result.omissions.length + result.problems.length === 0 ? 0 : 1;
}

function resultText({ confirmed, late, inRoots, inBundles, problems, omissions }: AuditResult): string {
  const lines = [
    `${confirmed} reports are confirmed by kept receipts; ${late} of them came after judging, which no list shows`,
    `${inRoots} are in the root over their period, ${inBundles} in the bundle of their epoch; bundles follow when epochs close`,
    ...problems.map((why) => `not checked: ${why}`),
  ];
  if (omissions.length === 0) lines.push("None is missing.");
  else
    lines.push("MISSING: the network has confirmed these and left them out. Each file shows it to anybody:");
  return `${lines.join("\n")}\n`;
}

function writeEvidence({ report, kind, evidence }: Omission, folder: string): string {
  const path = join(folder, `evidence-${kind.replace("_", "-")}-${report.id.slice(0, 16)}.cbor`);
  writeFileSync(path, evidence);
  return path;
}

interface Parsed {
  config: Config;
  gateway: URL;
  out: string;
}

/** What is asked for, or a sentence about what is wrong with it. @throws {ConfigError} */
function parse(args: string[], { environment, error }: Terminal): Parsed | string {
  const text = { type: "string" } as const;
  try {
    const { values } = parseArgs({
      args,
      options: { config: { ...text, short: "c" }, gateway: text, out: text },
    });
    if ((values.config ?? "") === "") return "--config FILE is missing";
    const gateway = URL.parse(values.gateway ?? "");
    if (gateway === null || !/^https?:$/.test(gateway.protocol))
      return `--gateway is ${values.gateway ?? "missing"}; allowed is http://… or https://…`;
    const config = loadConfig(values.config ?? "", environment, (message) => error(`warn ${message}\n`));
    return { config, gateway, out: resolve(values.out ?? ".") };
  } catch (thrown) {
    if (thrown instanceof ConfigError) throw thrown;
    return errorText(thrown);
  }
}
