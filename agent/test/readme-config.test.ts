import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { RADIOS, RECEIVERS, SENSORS } from "@earshot/drivers";
import type { Config } from "../src/config/config.ts";
import { configWith } from "../src/testing/config-with.ts";
import { deviceDocs } from "./device-docs.ts";

/** The tables of supported devices are in the README of the drivers; what reads their config lines is here. */
const README = readFileSync(new URL("../../drivers/README.md", import.meta.url), "utf8");

interface Row {
  device: string;
  wiring: string;
  section: string;
  lines: string[];
}

/** Rows of each table that has a column for the agent's configuration. */
function deviceRows(markdown: string): Row[] {
  return markdown.split(/\n(?!\|)/).flatMap((block) => {
    const [header = [], , ...rows] = block
      .trim()
      .split("\n")
      .map((line) => line.split("|").slice(1, -1));
    const column = header.findIndex((cell) => cell.includes("agent config"));
    const section = /`(\[+\w+\]+)`/.exec(header[column] ?? "")?.[1];
    if (section === undefined) return [];
    return rows.map((cells) => ({
      device: (cells[0] ?? "").trim(),
      wiring: (cells[1] ?? "").trim(),
      section,
      lines: [...(cells[column] ?? "").matchAll(/`(\w+ = [^`]+)`/g)].map(([, line = ""]) => line),
    }));
  });
}

const rows = deviceRows(README);

function read({ section, lines }: Row): Config {
  const name = section === "[[sensors]]" ? ['name = "one"'] : [];
  return configWith([section, ...name, ...lines].join("\n"));
}

describe("the config lines of each supported device are read", () => {
  test.each(rows.map((row) => [row.device, row] as const))("%s", (_, row) => {
    expect(row.lines.length).toBeGreaterThan(0);
    expect(row.wiring).not.toBe("");
    const config = read(row);
    const [used] = row.section === "[[sensors]]" ? config.sensors : [config[sectionName(row)]];
    const told = Object.fromEntries(row.lines.map((line) => line.split(" = ", 2) as [string, string]));
    expect(`"${used?.type}"`).toBe(told.type ?? "");
    expect(JSON.stringify(used)).toContain(
      (told.device ?? told.listen ?? told.host ?? "").split(":")[0] ?? "",
    );
  });
});

const sectionName = ({ section }: Row) => section.replaceAll(/[[\]]/g, "") as "lora" | "gps";

test("every type that a configuration may name has its row", () => {
  const types = new Set(
    rows.flatMap((row) => [...row.lines.join("\n").matchAll(/^type = "(.*)"$/gm)].map(([, type]) => type)),
  );
  const known = [...RADIOS, ...RECEIVERS, ...SENSORS].map(({ type }) => type);
  expect([...types].toSorted()).toEqual(known.toSorted());
});

test("a line that is none is noticed", () => {
  const [row] = rows.filter(({ section }) => section === "[lora]");
  if (row === undefined) throw new Error("There is no [lora] table");
  expect(() => read({ ...row, lines: [...row.lines, "freq_hz = 1"] })).toThrow("freq_hz");
});

test.each(deviceDocs().map((document) => [document.path, document] as const))(
  "%s says of devices what the registry says (else: bun run docs)",
  (_, { is, should }) => expect(is).toBe(should),
);
