import { beforeEach, expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { portUsers } from "./port-users.ts";

const OWN = 100;
let folder = "";
beforeEach(() => {
  folder = temporaryFolder();
});

/** A process as proc(5) shows it. */
function addProcess(pid: number, { name = "gpsd", parent = 1, files = ["/dev/ttyUSB0"] }) {
  const fd = join(folder, String(pid), "fd");
  mkdirSync(fd, { recursive: true });
  for (const [i, file] of files.entries()) symlinkSync(file, join(fd, String(i)));
  writeFileSync(join(folder, String(pid), "stat"), `${pid} (a (b) c) S ${parent} 1 1`);
  writeFileSync(join(folder, String(pid), "comm"), `${name}\n`);
}

const users = async (...paths: string[]) =>
  Object.fromEntries(
    [...(await portUsers(paths, { folder, ownPid: OWN }))].map(([path, programs]) => [path, programs.sort()]),
  );

test("programs that have a port open are named, in any number; other files and ports are nobody's business", async () => {
  addProcess(7, {});
  addProcess(8, { name: "cat", files: ["/dev/null", "/dev/ttyUSB0", "/dev/ttyUSB1"] });
  addProcess(9, { files: ["/dev/null", "/dev/ttyUSB2"] });
  expect(await users("/dev/ttyUSB0", "/dev/ttyUSB1", "/dev/ttyUSB3")).toEqual({
    "/dev/ttyUSB0": ["cat (process 8)", "gpsd (process 7)"],
    "/dev/ttyUSB1": ["cat (process 8)"],
  });
});

test("this program, what it has started, and what is no process do not count", async () => {
  addProcess(OWN, {});
  addProcess(101, { name: "stty", parent: OWN });
  addProcess(102, { name: "child of stty", parent: 101 });
  mkdirSync(join(folder, "self", "fd"), { recursive: true });
  symlinkSync("/dev/ttyUSB0", join(folder, "self", "fd", "0"));
  expect(await users("/dev/ttyUSB0")).toEqual({ "/dev/ttyUSB0": ["child of stty (process 102)"] });
});

test("the other end of a pseudo-terminal keeps this end open too, and is no other reader; one with this end alone is", async () => {
  addProcess(7, { name: "socat", files: ["/dev/ptmx", "/dev/pts/5"] });
  addProcess(8, { name: "cat", files: ["/dev/pts/5"] });
  addProcess(9, { name: "both", files: ["/dev/ptmx", "/dev/ttyUSB0"] });
  expect(await users("/dev/pts/5", "/dev/ttyUSB0")).toEqual({
    "/dev/pts/5": ["cat (process 8)"],
    "/dev/ttyUSB0": ["both (process 9)"],
  });
});

test("a port by its stable name is the device that it leads to, and is told by that name", async () => {
  const [device, stable] = [join(folder, "ttyACM0"), join(folder, "usb-u-blox")];
  writeFileSync(device, "");
  symlinkSync(device, stable);
  addProcess(7, { files: [device] });
  expect(await users(stable)).toEqual({ [stable]: ["gpsd (process 7)"] });
});

test("a program without a name, or that ends while it is looked at, is one all the same", async () => {
  addProcess(7, { name: "" });
  addProcess(8, {});
  mkdirSync(join(folder, "9"));
  expect(await users("/dev/ttyUSB0")).toEqual({
    "/dev/ttyUSB0": ["a program (process 7)", "gpsd (process 8)"],
  });
  expect(await users()).toEqual({});
  expect(
    Object.fromEntries(await portUsers(["/dev/ttyUSB0"], { folder: join(folder, "none"), ownPid: 1 })),
  ).toEqual({});
});
