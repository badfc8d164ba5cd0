import { errorText } from "@earshot/protocol/runtime";
import type { Config } from "../config/config.ts";
import { HEALTH_TEXT, type Part } from "../health/part.ts";
import { utcTime } from "../health/time-text.ts";
import { isRunning, type StartDocument, type StatusDocument } from "../page/app.ts";
import { gatewayText } from "../page/page-html.ts";
import type { ExitCode, Terminal } from "../terminal.ts";

/** Prints the state of the running agent, read from its page. */
export async function status(config: Config, terminal: Terminal): Promise<ExitCode> {
  if (config.page === undefined) {
    terminal.error("The page is off, so the agent cannot be asked: set [page] listen\n");
    return 2;
  }
  const url = statusUrl(config.page.listen);
  const answer = await askStatus(url, terminal.signal);
  if (!answer.ok) {
    terminal.error(
      `No agent answers at ${url} (${answer.why}): is it running? systemctl status earshot-agent\n`,
    );
    return 1;
  }
  const { document } = answer;
  const { hotspot, network, version, atMs, parts, health } = document;
  terminal.out(hotspot === undefined ? "not started yet\n" : `${hotspot.name}  ${hotspot.id}\n`);
  const where = network === undefined ? "" : `network ${network}, `;
  const gateway = isRunning(document) ? gatewayText(document) : "";
  terminal.out(`${where}agent ${version}${gateway}, as of ${utcTime(atMs)}\n\n${partTable(parts)}\n`);
  if (isRunning(document)) {
    terminal.out(`\n${verdictLines(document)}\n`);
    if (document.losses.length > 0) terminal.out(`\n${lossLines(document)}\n`);
  }
  return health === "broken" ? 1 : 0;
}

const SHOWN_VERDICTS = 5;
const OUTCOME = { paid: "paid", refused: "refused", unpaid: "valid, not paid" } as const;

/** Verdicts by outcome since the agent started, and the latest with their sentences and the rules' hash. */
export function verdictLines({ counters, verdicts }: Pick<StatusDocument, "counters" | "verdicts">): string {
  const { verdictsPaid, verdictsRefused, verdictsUnpaid } = counters;
  const latest = verdicts
    .slice(0, SHOWN_VERDICTS)
    .map(({ receivedAtMs, outcome, type, sentence, parametersHash }) =>
      [
        `  ${utcTime(receivedAtMs)}`,
        OUTCOME[outcome],
        type ?? "report",
        sentence,
        `rules ${parametersHash}`,
      ].join("  "),
    );
  return [
    `Verdicts: ${verdictsPaid} paid, ${verdictsRefused} refused, ${verdictsUnpaid} valid but not paid`,
    ...latest,
  ].join("\n");
}

const lossLines = ({ losses }: Pick<StatusDocument, "losses">): string =>
  ["Since the agent started:", ...losses.map(({ count, text }) => `  ${count} × ${text}`)].join("\n");

/** The URL of this machine's page, also when it listens on all addresses. */
export function statusUrl({ host, port }: { host: string; port: number }): string {
  const reached = host === "0.0.0.0" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reached.includes(":") ? `[${reached}]` : reached}:${port}/status.json`;
}

type Answer = { ok: true; document: StatusDocument | StartDocument } | { ok: false; why: string };

export async function askStatus(url: string, signal: AbortSignal): Promise<Answer> {
  try {
    const response = await fetch(url, { signal });
    if (!response.ok) return { ok: false, why: `HTTP ${response.status}` };
    const document: unknown = await response.json();
    return isStatus(document) ? { ok: true, document } : { ok: false, why: "another program answers there" };
  } catch (error) {
    return { ok: false, why: errorText(error) };
  }
}

const isStatus = (value: unknown): value is StatusDocument | StartDocument =>
  typeof value === "object" && value !== null && "parts" in value && "startedAtMs" in value;

/** Parts as aligned lines, each with its advice below. */
export function partTable(parts: readonly Part[]): string {
  const titleWidth = Math.max(...parts.map(({ title }) => title.length));
  const markWidth = Math.max(...Object.values(HEALTH_TEXT).map((mark) => mark.length));
  const indent = " ".repeat(titleWidth + markWidth + 4);
  return parts
    .map(({ title, health, text, advice }) => {
      const line = `${title.padEnd(titleWidth)}  ${HEALTH_TEXT[health].padEnd(markWidth)}  ${text}`;
      return advice === undefined ? line : `${line}\n${indent}→ ${advice}`;
    })
    .join("\n");
}
