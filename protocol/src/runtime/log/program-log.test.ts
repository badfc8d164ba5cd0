import { expect, test } from "bun:test";
import fc from "fast-check";
import type { LogLevel } from "../../log.ts";
import { ManualClock } from "../../time/manual-clock.ts";
import { type LogReader, type LogSettings, ProgramLog } from "./program-log.ts";

const START_MS = Date.UTC(2026, 10, 30, 7, 22, 39, 5);

function setUp(reader: LogReader, settings?: Partial<LogSettings>) {
  const clock = new ManualClock(START_MS);
  const lines: string[] = [];
  const programLog = new ProgramLog({ clock, reader, write: (text) => lines.push(text) });
  if (settings !== undefined) programLog.configure({ level: "info", format: "auto", ...settings });
  return { clock, lines, programLog, log: programLog.log };
}

const FIELDS = {
  hotspot: "z6Mk1",
  packet: "00ff",
  why: 'it "broke"',
  count: 3,
  at: { host: "::1", port: 1 },
};

/** An error whose stack is the same on every machine. */
function failure(): Error {
  const cause = Object.assign(new TypeError("no route"), {
    code: "EHOSTUNREACH",
    stack: "TypeError: no route\n    at dial",
  });
  return Object.assign(new Error("cannot connect", { cause }), {
    stack: "Error: cannot connect\n    at open\n    at run",
  });
}

test("JSON lines for programs: time, level, component and msg first", () => {
  const { log, lines, clock } = setUp("program");
  log.child({ component: "session" }).warn("No session", FIELDS);
  clock.stepWall(1000);
  log.info("Agent stopped");
  expect(lines).toEqual([
    '{"time":"2026-11-30T07:22:39.005Z","level":"warn","component":"session","msg":"No session","hotspot":"z6Mk1","packet":"00ff","why":"it \\"broke\\"","count":3,"at":{"host":"::1","port":1}}\n',
    '{"time":"2026-11-30T07:22:40.005Z","level":"info","msg":"Agent stopped"}\n',
  ]);
});

test("text on a terminal, and in the journal with its priorities and without its time", () => {
  const write = ({ log }: ReturnType<typeof setUp>) =>
    log.child({ component: "session" }).warn("No session", FIELDS);
  const text =
    'session: No session hotspot="z6Mk1" packet="00ff" why="it \\"broke\\"" count=3 at={"host":"::1","port":1}\n';
  const terminal = setUp("terminal");
  write(terminal);
  expect(terminal.lines).toEqual([`2026-11-30T07:22:39.005Z warn ${text}`]);
  const journal = setUp("journal");
  write(journal);
  expect(journal.lines).toEqual([`<4>warn ${text}`]);
});

test("the configuration may choose the form, whoever reads it", () => {
  const text = setUp("program", { format: "text" });
  text.log.info("x");
  expect(text.lines).toEqual(["2026-11-30T07:22:39.005Z info x\n"]);
  for (const reader of ["terminal", "journal"] as const) {
    const json = setUp(reader, { format: "json" });
    json.log.info("x");
    expect(json.lines).toEqual(['{"time":"2026-11-30T07:22:39.005Z","level":"info","msg":"x"}\n']);
  }
});

test("an error keeps its stack, code and causes", () => {
  const json = setUp("program");
  json.log.warn("Not there", { err: failure() });
  expect(JSON.parse(json.lines[0] ?? "")).toMatchObject({
    err: {
      type: "Error",
      message: "cannot connect",
      stack: "Error: cannot connect\n    at open\n    at run",
      cause: {
        type: "TypeError",
        message: "no route",
        code: "EHOSTUNREACH",
        stack: "TypeError: no route\n    at dial",
      },
    },
  });
  const text = setUp("journal");
  text.log.error("Not there", { err: failure() });
  expect(text.lines).toEqual([
    `<3>error Not there err="cannot connect: no route"
<3>    Error: cannot connect
<3>        at open
<3>        at run
<3>    caused by TypeError: no route
<3>        at dial
`,
  ]);
});

test("text shows the stacks of warnings only to who looks for a fault", () => {
  const { log, lines, programLog } = setUp("terminal");
  log.warn("Not there", { err: failure() });
  programLog.configure({ level: "debug", format: "auto" });
  log.warn("Not there", { err: failure() });
  expect(lines.map((line) => line.split("\n").length)).toEqual([2, 7]);
});

test("what was thrown may be anything, and failures of several addresses are told each", () => {
  const { log, lines } = setUp("program");
  log.error("x", { err: new Error("odd", { cause: 7n }) });
  log.error("y", { err: new AggregateError([new Error("::1 refused"), new Error("127.0.0.1 refused")]) });
  const circle = new Error("circle");
  circle.cause = circle;
  log.error("z", { err: circle });
  const [x, y, z] = lines.map((line) => JSON.parse(line).err);
  expect(x.cause).toEqual({ type: "NotAnError", message: "7" });
  expect(y.message).toBe("::1 refused; 127.0.0.1 refused");
  expect(JSON.stringify(z).match(/"cause"/g)).toHaveLength(4);
});

test("level by level, what is below is left out; debug lines are asked for", () => {
  const levels: LogLevel[] = ["debug", "info", "warn", "error"];
  levels.forEach((level, index) => {
    const { log, lines } = setUp("program", { level });
    for (const each of levels) log[each]("x");
    expect(lines.map((line) => JSON.parse(line).level)).toEqual(levels.slice(index));
    expect([log.isDebug, log.child({ component: "a" }).isDebug]).toEqual([index === 0, index === 0]);
  });
});

test("a field takes no other's place", () => {
  const { log, lines } = setUp("program");
  log.child({ component: "a", hotspot: "h" }).info("x", { msg: "y", level: "z", time: 1, hotspot: "other" });
  expect(lines).toEqual([
    '{"time":"2026-11-30T07:22:39.005Z","level":"info","component":"a","msg":"x","hotspot":"other"}\n',
  ]);
});

test("a login in an error's text is not written", () => {
  for (const reader of ["program", "terminal"] as const) {
    const { log, lines } = setUp(reader);
    const cause = new Error("cannot reach postgres://operator:S3cr3t/x@[::1]:5432/earshot");
    log.error("No store", {
      err: new Error("no store", { cause }),
      why: cause.message,
      deep: [{ why: cause.message }],
    });
    expect(lines.join("")).toContain("postgres://…@[::1]:5432/earshot");
    expect(lines.join("")).not.toContain("S3cr3t");
  }
});

test("a path with an @ in a stack is shown", () => {
  const { log, lines } = setUp("terminal");
  const stack = "Error: x\n    at f (file:///srv/node_modules/@noble/ed25519/index.js:1:2)";
  log.error("x", { err: Object.assign(new Error("x"), { stack }) });
  expect(lines.join("")).toContain("file:///srv/node_modules/@noble/ed25519/index.js:1:2");
});

test("whatever a stranger put into it: one line, short, and nothing that a terminal obeys", () => {
  const anything = fc.anything({ withBigInt: true, withTypedArray: true, withDate: true, withMap: true });
  const text = fc.string({ unit: "binary", maxLength: 3000 });
  fc.assert(
    fc.property(fc.dictionary(text, fc.oneof(anything, text)), text, (fields, message) => {
      const json = setUp("program");
      json.log.info("x", { ...fields, why: message });
      expect(typeof JSON.parse(json.lines[0] ?? "")).toBe("object");
      const plain = setUp("terminal");
      plain.log.info("x", { why: message });
      for (const line of [json.lines[0] ?? "", plain.lines[0] ?? ""]) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
        expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/);
      }
    }),
    { numRuns: 200 },
  );
  const { log, lines } = setUp("program");
  log.warn("Refused", { topic: "x\n".repeat(30_000), more: { deep: ["y".repeat(60_000)] } });
  expect(lines[0]?.length).toBeLessThan(800);
});

test("20,000 of one message become 30 lines and a count, and others come out beside it", async () => {
  const { clock, lines, log, programLog } = setUp("journal");
  const stop = new AbortController();
  const running = programLog.run(stop.signal);
  const inbox = log.child({ component: "inbox" });
  for (let i = 0; i < 20_000; i++) inbox.warn("Refused a message", { reason: "malformed" });
  log.info("Beacon sent");
  expect(lines).toHaveLength(31);
  expect(lines.at(-1)).toBe("<6>info Beacon sent\n");
  await clock.advance(60_000);
  expect(lines.at(-1)).toBe("<4>warn inbox: Refused a message leftOut=19970 inTheLastS=60\n");
  inbox.warn("Refused a message");
  expect(lines.at(-1)).toBe("<4>warn inbox: Refused a message\n");
  expect(lines).toHaveLength(33);
  for (let i = 0; i < 31; i++) inbox.warn("Refused a message");
  await clock.advance(7000);
  stop.abort();
  await running;
  expect(lines.at(-1)).toBe("<4>warn inbox: Refused a message leftOut=2 inTheLastS=7\n");
  expect(clock.pending).toBe(0);
});

test("who switches debug lines on sees a thousand of each a minute", () => {
  const { lines, log } = setUp("program", { level: "debug" });
  for (let i = 0; i < 5000; i++) log.debug("Packet refused", { packet: i });
  expect(lines).toHaveLength(1000);
});

test("texts that are all different share what is left", () => {
  const { lines, log } = setUp("program");
  for (let i = 0; i < 5000; i++) log.warn(`text ${i}`);
  expect(lines.length).toBe(256 + 30);
});
