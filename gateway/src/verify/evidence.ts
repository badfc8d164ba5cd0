import { readFileSync } from "node:fs";
import {
  type ContradictionAnswer,
  decodeEvidence,
  type EvidenceAnswer,
  type Finding,
  judgeContradiction,
  judgeEvidence,
  readContradiction,
} from "@earshot/protocol/omission";
import { errorText } from "@earshot/protocol/runtime";
import { printable } from "./verify-report.ts";

/** What `verify-epoch --evidence FILE` prints, and its exit status: 0 where the file shows that the network left a report out,
 * or contradicted itself. */
export function verifyEvidence(
  path: string,
  { networkKey, isJson }: { networkKey: Uint8Array | undefined; isJson: boolean },
): { status: number; text: string } {
  let file: Uint8Array;
  try {
    file = readFileSync(path);
  } catch (error) {
    return { status: 2, text: `Cannot read ${printable(path)}: ${errorText(error)}\n` };
  }
  const contradiction = readContradiction(new TextDecoder().decode(file));
  if (contradiction !== undefined)
    return contradictionText(path, judgeContradiction(contradiction, networkKey), isJson);
  const evidence = decodeEvidence(file);
  const answer: EvidenceAnswer | { ok: false; code: "not_evidence"; why: string } =
    evidence === undefined
      ? {
          ok: false,
          code: "not_evidence",
          why: "it is no file that `earshot-agent audit` writes, and no contradiction of an agent's /status.json",
        }
      : judgeEvidence(evidence, networkKey);
  const status = answer.ok ? 0 : 1;
  if (isJson) return { status, text: `${JSON.stringify(answer)}\n` };
  if (!answer.ok) {
    return { status, text: printable(`${path} shows nothing (${answer.code}): ${answer.why}`).concat("\n") };
  }
  return { status, text: findingText(answer.finding, networkKey === undefined) };
}

function contradictionText(
  path: string,
  answer: ContradictionAnswer,
  isJson: boolean,
): { status: number; text: string } {
  const status = answer.ok ? 0 : 1;
  if (isJson) return { status, text: `${JSON.stringify(answer)}\n` };
  if (!answer.ok) return { status, text: printable(`${path} shows nothing: ${answer.why}`).concat("\n") };
  const { network, networkKey, what, indexes } = answer.finding;
  const lines = [
    `The network ${network} has signed two entropy messages that cannot both be honest: ${what}.`,
    `  network key  ${networkKey}`,
    `  messages     of the indexes ${indexes.join(" and ")}`,
  ];
  return { status, text: `${lines.join("\n")}\n` };
}

function findingText(finding: Finding, isUnpinned: boolean): string {
  const { network, networkKey, hotspot, packetId, type, entropyIndex, epoch, receivedAtMs } = finding;
  const lines = [
    `The network ${network} has confirmed a report and left it out: both are signed for it.`,
    `  network key  ${networkKey}`,
    `  hotspot      ${hotspot}`,
    `  report       ${type} ${packetId}`,
    `  confirmed    received ${new Date(receivedAtMs).toISOString()}, in time`,
    `  left out     ${leftOutOf(finding)} (index ${entropyIndex}, epoch ${epoch})`,
  ];
  if (isUnpinned)
    lines.push("  The network's key was taken from the file: compare it, or give it with --key.");
  return `${lines.join("\n")}\n`;
}

function leftOutOf({ kind, bundledAtMs, epoch }: Finding): string {
  if (kind === "index_root") return "of the signed root over the reports about its index";
  if (kind === "skipped_epoch") return `with its epoch ${epoch}, which the network says there was not`;
  if (bundledAtMs === undefined) return "of the bundle of its epoch";
  return `by a later time: the bundle says that it came ${new Date(bundledAtMs).toISOString()}`;
}
