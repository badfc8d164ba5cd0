import { readFileSync, writeFileSync } from "node:fs";
import {
  type DeviceKind,
  type DeviceRow,
  PROBE_PLAN,
  RADIOS,
  RECEIVERS,
  SENSORS,
  type SensorKind,
} from "@earshot/drivers";
import { z } from "zod";
import { configSchema } from "../src/config/schema.ts";

/*
 * What the documents say of devices, written from the registry of `@earshot/drivers`: `bun run docs` writes it, and
 * `readme-config.test.ts` checks that it stands there.
 */

const ROOT = new URL("../../", import.meta.url);

type Cells = readonly string[];

/** Puts these rows into the table that begins with `header`. */
function withTable(text: string, header: string, rows: readonly Cells[]): string {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`| ${header} |`));
  if (at < 0) throw new Error(`There is no table that begins with "${header}"`);
  const length = lines.slice(at).findIndex((line) => !line.startsWith("|"));
  const [head = ""] = lines.slice(at);
  const rule = head.replaceAll(/[^|]+/g, " --- ");
  return lines
    .toSpliced(at, length, head, rule, ...rows.map((cells) => `| ${cells.join(" | ")} |`))
    .join("\n");
}

/** Puts `items` into the comment that begins with `label`. */
function withList(text: string, label: string, items: readonly string[]): string {
  if (!text.includes(`# ${label}: `)) throw new Error(`There is no list that begins with "${label}"`);
  return text.replace(new RegExp(`^# ${label}: .*$`, "m"), `# ${label}: ${items.join(", ")}.`);
}

const deviceCells = ({ type, rows }: DeviceKind): Cells[] =>
  rows.map(({ device, wiring, config, remark = "", testedWith }: DeviceRow) => {
    const lines = [`type = "${type}"`, ...config].map((line) => `\`${line}\``).join(", ");
    return [device, wiring, lines + remark, testedWith];
  });

const sensorsOf = (table: SensorKind["table"]): Cells[] =>
  (SENSORS as readonly SensorKind[]).filter((kind) => kind.table === table).flatMap(deviceCells);

function probeCells(): Cells[] {
  return PROBE_PLAN.steps.map(({ baudRate, listenMs, queries }) => [
    `${baudRate}`,
    listenMs === 0 ? "no" : `${listenMs / 1000} s`,
    queries.length === 0 ? "nothing" : queries.map(({ name }) => name).join("; "),
  ]);
}

/** `` `baud` (9600) ``, `` `map` (`sdm120`, `sunspec`) ``, `` `token` `` */
function keyText([key, schema]: [string, z.core.$ZodType]): string {
  const plain = schema instanceof z.ZodDefault ? schema.def.innerType : schema;
  const choices =
    plain instanceof z.ZodEnum ? plain.options.map((one) => `\`${one}\``).join(", ") : undefined;
  const standard = schema instanceof z.ZodDefault ? `${schema.def.defaultValue}` : choices;
  return `\`${key}\`${standard === undefined ? "" : ` (${standard})`}`;
}

const keysText = (keys: z.ZodRawShape): string => Object.entries(keys).map(keyText).join(", ");

const sectionCells = (section: string, kinds: readonly { type: string; keys: z.ZodRawShape }[]): Cells[] =>
  kinds.map(({ type, keys }, at) => [at === 0 ? section : "", `\`${type}\``, keysText(keys)]);

function settingCells(): Cells[] {
  const sensors = (SENSORS as readonly SensorKind[]).map(({ type, baud, silenceS, keys }) => {
    const own = keysText(keys);
    return [
      "",
      `\`${type}\``,
      `${own === "" ? "" : `${own}, `}\`baud\` (${baud}), \`silence_s\` (${silenceS})`,
    ];
  });
  return [
    ...sectionCells("`[lora]`", RADIOS),
    ...sectionCells("`[gps]`", [...RECEIVERS, { type: "none", keys: {} }]),
    ["`[[sensors]]`", "all", "`name`, and `device` with `baud` or `host` with `port`; `silence_s`"],
    ...sensors,
    ["`[machine]`", "", keysText(configSchema.shape.machine.def.innerType.shape)],
  ];
}

const quoted = (name: string, baud?: unknown) => `"${name}"${baud === undefined ? "" : ` (${baud})`}`;

function modems(): string[] {
  return RADIOS.flatMap(({ type, keys }) =>
    "baud" in keys ? [quoted(type, keys.baud.def.defaultValue)] : [],
  );
}

function meterMaps(): string[] {
  return SENSORS.flatMap(({ keys }) => ("map" in keys ? keys.map.options.map((name) => quoted(name)) : []));
}

const WRITERS: Readonly<Record<string, (text: string) => string>> = {
  "drivers/README.md": (text) => {
    const tables: [string, Cells[]][] = [
      ["receiver", RECEIVERS.flatMap(deviceCells)],
      ["radio", RADIOS.flatMap(deviceCells)],
      ["station", sensorsOf("station")],
      ["sensor", sensorsOf(undefined)],
      ["meter", sensorsOf("meter")],
      ["baud", probeCells()],
    ];
    return tables.reduce((so, [header, rows]) => withTable(so, header, rows), text);
  },
  "agent/README.md": (text) => withTable(text, "section", settingCells()),
  "agent/config.example.toml": (text) => {
    const types = SENSORS.map(({ type, baud }) => quoted(type, baud));
    const withModems = withList(text, "Types of modems, and their baud rates", modems());
    return withList(withList(withModems, "Types, and their baud rates", types), "Maps", meterMaps());
  },
};

/** Each document as it is, and as it should be. */
export function deviceDocs(): { path: string; is: string; should: string }[] {
  return Object.entries(WRITERS).map(([path, write]) => {
    const is = readFileSync(new URL(path, ROOT), "utf8");
    return { path, is, should: write(is) };
  });
}

if (import.meta.main) {
  for (const { path, is, should } of deviceDocs()) {
    if (is !== should) writeFileSync(new URL(path, ROOT), should);
    console.log(`${path}: ${is === should ? "as it was" : "written"}`);
  }
}
