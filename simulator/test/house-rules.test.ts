import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { posix } from "node:path";
import {
  circleIn,
  importsOf,
  longFunctions,
  MAY_IMPORT,
  PACKAGES,
  projectTree,
  type SourceFile,
  type Tree,
  typescriptOf,
  withoutComments,
} from "./source-files.ts";

const project = await projectTree();
const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 70;

/**
 * @param sentence what whoever breaks the rule is told
 * @param offenders who breaks it: `file: what`
 * @param broken files that break it, so that the rule is seen to work
 */
function rule(sentence: string, offenders: (tree: Tree) => string[], broken: Record<string, string>): void {
  describe(sentence, () => {
    test("holds", () => expect(offenders(project), sentence).toEqual([]));
    test("is noticed when it is broken", () => {
      const withBroken = new Map([...project, ...Object.entries(broken)]);
      expect(offenders(withBroken).length).toBeGreaterThanOrEqual(Object.keys(broken).length);
    });
  });
}

// --- Imports

const packageOf = (specifier: string): string | undefined => /^@earshot\/([a-z]+)/.exec(specifier)?.[1];
const targetOf = (path: string, specifier: string): string =>
  posix.join(posix.dirname(path), specifier.split("?")[0] ?? "");
const isTest = (path: string): boolean => /\.test\.ts$|\/test\//.test(path);

/** Every import that `isWrong`, as `file: specifier`. */
const wrongImports = (tree: Tree, isWrong: (file: SourceFile, specifier: string) => boolean): string[] =>
  typescriptOf(tree).flatMap((file) =>
    importsOf(file.text)
      .filter((specifier) => isWrong(file, specifier))
      .map((specifier) => `${file.path}: ${specifier}`),
  );

rule(
  "Packages import one way: protocol ← drivers ← agent, protocol ← gateway; simulator may use all.",
  (tree) =>
    wrongImports(tree, (file, specifier) => {
      const name = packageOf(specifier);
      return name !== undefined && name !== file.package && !MAY_IMPORT[file.package]?.includes(name);
    }),
  {
    "protocol/src/a.ts": 'import { a } from "@earshot/drivers";',
    "drivers/src/a.ts": 'export * from "@earshot/agent";',
    "gateway/src/a.ts": 'await import("@earshot/agent");',
  },
);

/** What each package offers: `@earshot/protocol`, `@earshot/protocol/testing`, … */
const entriesOf = (tree: Tree): Set<string> =>
  new Set(
    PACKAGES.flatMap((name) => {
      const { exports } = JSON.parse(tree.get(`${name}/package.json`) ?? "{}") as { exports: object };
      return Object.keys(exports).map((entry) => `@earshot/${name}${entry.slice(1)}`);
    }),
  );

rule(
  "Another package is entered by the entries of its package.json, and never by a path into it.",
  (tree) => {
    const entries = entriesOf(tree);
    return wrongImports(tree, ({ path, package: name }, specifier) =>
      specifier.startsWith(".")
        ? !targetOf(path, specifier).startsWith(`${name}/`)
        : packageOf(specifier) !== undefined && !entries.has(specifier),
    );
  },
  {
    "agent/src/a.ts": 'import type { A } from "@earshot/protocol/src/cbor.ts";',
    "gateway/src/a.ts": 'import { a } from "../../protocol/src/mod.ts";',
  },
);

rule(
  "A package's source names its own files by path, and not itself.",
  (tree) =>
    wrongImports(
      tree,
      ({ path, package: name }, specifier) => path.includes("/src/") && packageOf(specifier) === name,
    ),
  { "agent/src/a.ts": 'import { a } from "@earshot/agent";' },
);

rule(
  "protocol is pure but for src/runtime: nothing else imports that, or of Node.js more than node:crypto.",
  (tree) =>
    wrongImports(
      tree,
      ({ path }, specifier) =>
        /^protocol\/src\/(?!runtime\/)/.test(path) &&
        !isTest(path) &&
        (targetOf(path, specifier).startsWith("protocol/src/runtime/") ||
          /^node:(?!crypto$)/.test(specifier)),
    ),
  {
    "protocol/src/a.ts": 'import { a } from "./runtime/a.ts";',
    "protocol/src/b/b.ts": 'import { readFileSync } from "node:fs";',
  },
);

const ownImports = ({ path, text }: SourceFile): string[] =>
  importsOf(text).flatMap((specifier) => (specifier.startsWith(".") ? [targetOf(path, specifier)] : []));

rule(
  "No file imports itself by way of others; types count, they tie files as tightly for a reader.",
  (tree) => circleIn(new Map(typescriptOf(tree).map((file) => [file.path, ownImports(file)]))),
  { "protocol/src/a.ts": 'import "./b.ts";', "protocol/src/b.ts": 'import type { A } from "./a.ts";' },
);

/** Packages whose folders can be read from top to bottom. */
const LAYERED = ["protocol", "agent", "gateway", "simulator"];

const folderOf = (path: string): string => path.split("/").slice(0, 3).join("/");

rule(
  `Folders of ${LAYERED.join(", ")} import one way: what is below knows nothing of what is above.`,
  (tree) => {
    const edges = new Map<string, string[]>();
    for (const file of typescriptOf(tree)) {
      const isSource = LAYERED.includes(file.package) && file.path.includes("/src/");
      if (!isSource || /\.test\.ts$|\/test-[\w-]+\.ts$|\/testing(\/|\.ts)|-contract/.test(file.path))
        continue;
      const from = folderOf(file.path);
      const to = ownImports(file).map(folderOf);
      edges.set(from, [...(edges.get(from) ?? []), ...to.filter((folder) => folder !== from)]);
    }
    return circleIn(edges);
  },
  { "gateway/src/bundle/a.ts": 'import { a } from "../verify/check.ts";' },
);

rule(
  "`verify/` is a second path: of the gateway it imports the bundle's format and nothing else.",
  (tree) =>
    typescriptOf(tree)
      .filter(({ path }) => path.startsWith("gateway/src/verify/") && !isTest(path))
      .flatMap((file) =>
        ownImports(file)
          .filter((target) => !/^gateway\/src\/(verify|bundle)\//.test(target))
          .map((target) => `${file.path}: ${target}`),
      ),
  { "gateway/src/verify/a.ts": 'import { a } from "../epochs/claims.ts";' },
);

rule(
  "Protocol, drivers and agent also run under Deno: their source imports nothing of Bun's own.",
  (tree) =>
    wrongImports(
      tree,
      ({ path }, specifier) =>
        /^(protocol|drivers|agent)\/src\//.test(path) &&
        !isTest(path) &&
        /^bun(:(?!test$)|$)/.test(specifier),
    ),
  { "agent/src/a.ts": 'import { Glob } from "bun";' },
);

// --- Sizes

rule(
  `No file is longer than ${MAX_FILE_LINES} lines: one that does two things is two files.`,
  (tree) =>
    typescriptOf(tree)
      .map(({ path, text }) => ({ path, lines: text.split("\n").length - 1 }))
      .flatMap(({ path, lines }) => (lines > MAX_FILE_LINES ? [`${path}: ${lines} lines`] : [])),
  { "agent/src/a.ts": "\n".repeat(MAX_FILE_LINES + 1) },
);

rule(
  `No function is longer than ${MAX_FUNCTION_LINES} lines, but for the suites of tests.`,
  (tree) =>
    typescriptOf(tree).flatMap(({ path, text }) =>
      isTest(path) || importsOf(text).includes("bun:test") || path.includes("/testing/")
        ? []
        : longFunctions(text, MAX_FUNCTION_LINES).map((where) => `${path}: ${where}`),
    ),
  { "agent/src/a.ts": `const a = () => {${"\n".repeat(MAX_FUNCTION_LINES)}};` },
);

// --- Time and chance

/** A socket's own idle limit is its method `setTimeout`. */
const GLOBAL_TIME_AND_CHANCE =
  /(?<!\bsocket\.)\b(Date\.now|performance\.now|process\.hrtime|setTimeout|setInterval|Math\.random|Bun\.sleep)\b|new Date\(\)/g;

rule(
  "Time and chance are passed in (`Clock`, `Random`): only a main.ts, the system clock and benchmarks use the globals.",
  (tree) =>
    typescriptOf(tree)
      .filter(({ path }) => !/\/main\.ts$|\/bench\/|\/system-clock\.ts$|\/house-rules\.test\.ts$/.test(path))
      .flatMap(({ path, text }) =>
        [...withoutComments(text).matchAll(GLOBAL_TIME_AND_CHANCE)].map(([use]) => `${path}: ${use}`),
      ),
  {
    "agent/src/a.ts": "const a = Date.now();",
    "agent/src/b.ts": "const a = new Date();",
    "agent/src/c.ts": "setTimeout(a, 5);",
  },
);

/** A difference to the wall time of now. */
const DURATION_BY_THE_WALL = /(?:\bnow\(\)|\bnowMs)\s*-(?![-=])|-\s*(?:[\w#]+\.)*(?:now\(\)|nowMs\b)/;

/** Where such a difference is meant: now against a time that somebody sent, or that somebody is sent. */
const AGAINST_WALL_TIME: Readonly<Record<string, string>> = {
  "agent/src/beacon/beaconer.ts": "the network's schedule",
  "agent/src/beacon/duty-cycle.ts": "a time kept over a restart",
  "agent/src/beacon/entropy-tracker.ts": "the network's time",
  "agent/src/board/status-board.ts": "times of a snapshot, counted back from its now",
  "agent/src/devices/run-gps.ts": "how late a reading came, bounded",
  "agent/src/doctor/check-broker.ts": "the network's time",
  "agent/src/doctor/check-machine.ts": "a date",
  "agent/src/health/device.ts": "times of a snapshot, counted back from its now",
  "agent/src/health/machine.ts": "times of a snapshot, counted back from its now",
  "agent/src/health/time-text.ts": "times of a snapshot, counted back from its now",
  "agent/src/outbox/confirmed-time.ts": "the clock itself is watched",
  "agent/src/outbox/grouped-outbox.ts": "times kept over a restart",
  "agent/src/receipts/receipt-files.ts": "a time kept over a restart",
  "agent/src/session/inbox.ts": "the network's time",
  "gateway/src/entropy/drand-source.ts": "the network's schedule",
  "drivers/src/gps/integrity/integrity-monitor.ts": "a time of the receiver",
  "gateway/src/service/gateway-core.ts": "the network's schedule",
  "gateway/src/http/health.ts": "the network's schedule",
  "gateway/src/http/presence.ts": "times that hotspots sent",
  "gateway/src/http/radio-traffic.ts": "the network's schedule",
  "gateway/src/http/routes/network.ts": "the network's schedule",
  "gateway/src/ingest/ingest.ts": "a time counted back",
  "gateway/src/readings/quality-board.ts": "times that hotspots sent",
  "gateway/src/http/reading-views.ts": "times that hotspots sent",
  "gateway/src/registry/forget-unheard.ts": "times in the store",
  "protocol/src/time/clock.ts": "a time counted back",
  "simulator/src/devices/virtual-forwarder.ts": "the simulated world has one time",
};

rule(
  "A duration is a difference of `elapsedMs()`, since the wall clock may be set; where a wall time is meant, say why here.",
  (tree) => {
    const found = typescriptOf(tree)
      .filter(({ path }) => path.includes("/src/") && !/\.test\.ts$|\/test-|\/testing\/|scenario/.test(path))
      .flatMap(({ path, text }) => (DURATION_BY_THE_WALL.test(withoutComments(text)) ? [path] : []));
    const listed = Object.keys(AGAINST_WALL_TIME);
    const needless = listed.filter((path) => !found.includes(path));
    return [
      ...found.filter((path) => !listed.includes(path)),
      ...needless.map((path) => `${path}: listed, and has none`),
    ];
  },
  Object.fromEntries(
    [
      "clock.now() - sinceMs",
      "this.#options.clock.now() - openedAtMs >= 5",
      "nowMs - last.atMs",
      "limitMs + lastMs - clock.now()",
      "dueMs - nowMs",
    ].map((code, at) => [`agent/src/a${at}.ts`, code]),
  ),
);

// --- What a reader relies on

/** What the map of a README names; a name is relative to the package, its src, or a folder named before it in the row. */
function mapOf(tree: Tree, name: string): { patterns: RegExp[]; missing: string[] } {
  const map = /^## Map$([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(tree.get(`${name}/README.md`) ?? "")?.[1] ?? "";
  const patterns: RegExp[] = [];
  const missing: string[] = [];
  for (const row of map.split("\n")) {
    const folders = ["src/", ""];
    for (const [, token = ""] of row.matchAll(/`([\w./*-]+(?:\/|\.ts|\.js))`/g)) {
      const candidates = folders.map((folder) => patternOf(`${name}/${folder}${token}`));
      const at = candidates.findIndex((pattern) => [...tree.keys()].some((path) => pattern.test(path)));
      if (at < 0) missing.push(`${name}/README.md: ${token} is not there`);
      else {
        patterns.push(candidates[at] as RegExp);
        folders.unshift(`${folders[at]}${token.slice(0, token.lastIndexOf("/") + 1)}`);
      }
    }
  }
  return { patterns, missing };
}

/** `src/gps/` is what lies in that folder itself; `nav-*.ts` is each of that kind. */
const patternOf = (path: string): RegExp =>
  new RegExp(
    `^${path.replaceAll(".", "\\.").replaceAll("*", "[\\w-]*")}${path.endsWith("/") ? "[^/]+" : ""}$`,
  );

rule(
  'Every file of a package\'s source stands in the map of its README ("## Map"), by itself or by its folder, and nothing else does.',
  (tree) =>
    PACKAGES.flatMap((name) => {
      const { patterns, missing } = mapOf(tree, name);
      const source = [...tree.keys()].filter(
        (path) => path.startsWith(`${name}/src/`) && /\.(ts|js)$/.test(path) && !path.endsWith(".test.ts"),
      );
      const unnamed = source.filter((path) => !patterns.some((pattern) => pattern.test(path)));
      return [...missing, ...unnamed.map((path) => `${name}/README.md: ${path} is not in the map`)];
    }),
  { "gateway/src/nowhere/a.ts": "", "drivers/src/link/a.ts": "" },
);

/** The anchor of a heading, as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const anchorsOf = (markdown: string): string[] =>
  [...markdown.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ +(.+?) *$/gm)].map(([, heading = ""]) =>
    anchorOf(heading),
  );

rule(
  "Every link in Markdown leads to a file that is there, and to a heading that it has.",
  (tree) =>
    [...tree].flatMap(([path, text]) => {
      if (!path.endsWith(".md")) return [];
      const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)\s]*)\)/g)].map(([, link = ""]) => link);
      return links.flatMap((link) => {
        const [file = "", anchor] = link.split("#");
        const target = file === "" ? path : posix.join(posix.dirname(path), file);
        const isThere = [...tree.keys()].some(
          (known) => known === target || known.startsWith(`${target.replace(/\/$/, "")}/`),
        );
        const hasHeading = anchor === undefined || anchorsOf(tree.get(target) ?? "").includes(anchor);
        return (isThere || isOtherFile(target)) && hasHeading ? [] : [`${path}: ${link}`];
      });
    }),
  { "a.md": "[a](nowhere.md)", "b.md": "[a](README.md#no-such-heading)", "c.md": "# A\n[a](#b)" },
);

/** Files of other kinds: licence, samples, configurations. */
const isOtherFile = (path: string): boolean =>
  spawnSync("git", ["ls-files", "--error-unmatch", path]).status === 0;

rule(
  "A file that Markdown names (`a-file.ts`) is there.",
  (tree) => {
    const code = [...tree.keys()].filter((path) => /\.(ts|js)$/.test(path));
    return [...tree].flatMap(([path, text]) => {
      if (!path.endsWith(".md")) return [];
      const named = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\.(?:ts|js))`/g)].map(([, name = ""]) => name);
      return named
        .filter(
          (name) =>
            !/^x\.(test\.)?ts$/.test(name) &&
            !code.some((known) => known === name || known.endsWith(`/${name}`)),
        )
        .map((name) => `${path}: ${name}`);
    });
  },
  { "a.md": "`no-such-file.ts`" },
);

test("Every export is used by another file, and every dependency by a package; knip names those that are not.", () => {
  const { stdout, stderr } = spawnSync(process.execPath, ["run", "--silent", "knip"], { encoding: "utf8" });
  expect(stdout + stderr).toBe("");
});
