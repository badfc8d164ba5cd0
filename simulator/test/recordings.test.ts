import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindUdp, openSerial } from "@earshot/drivers";
import { openStore } from "@earshot/gateway";
import { type StatusPacket, verifyPacket } from "@earshot/protocol";
import { systemClock } from "@earshot/protocol/runtime";
import { Program } from "./support/process.ts";
import { freePort, startAgent, startGateway, writeAgentConfig } from "./support/services.ts";

/*
 * The recordings of a real receiver (over a pty) and of the real packet forwarder (over UDP) go into an agent, as a
 * user starts it; what it signs must come out of the gateway.
 */
const DATA = new URL("../../../shared/data/", import.meta.url);
const GPS_LOG = new URL("gpsd/neo-m8n.log", DATA);
const FORWARDER_LOG = new URL("forwarder/gwmp-normal.log", DATA);
const LIMIT_MS = 60_000;

const hasSocat = spawnSync("socat", ["-V"]).status === 0;
const isMissing = !existsSync(DATA) || (!hasSocat && process.env.EARSHOT_REQUIRE_TOOLS !== "1");

interface Fix {
  lat: number;
  lon: number;
}

/** gpsd's own answer: the last position in the recording's check file. */
function lastFix(): Fix {
  const lines = readFileSync(new URL(`${GPS_LOG}.chk`), "latin1").split("\n");
  const reports = lines.filter((line) => line.startsWith('{"class":"TPV"')).map((line) => JSON.parse(line));
  return reports.filter((report) => report.lat !== undefined).at(-1);
}

/** The datagrams as they were: `seconds PUSH_DATA port=… tok=hex eui=hex b'json'`. */
function recordedDatagrams(): { datagrams: Uint8Array[]; goodFrames: number } {
  const text = readFileSync(FORWARDER_LOG, "latin1");
  const datagrams = [...text.matchAll(/PUSH_DATA port=\d+ tok=(\w{4}) eui=(\w{16}) b'(.*)'/g)].map(
    ([, token, eui, json]) =>
      Uint8Array.from(Buffer.from(`02${token}00${eui}${Buffer.from(json ?? "").toString("hex")}`, "hex")),
  );
  return { datagrams, goodFrames: [...text.matchAll(/"stat":1,/g)].length };
}

/** A serial cable: gives the two ends. */
async function makeCable(): Promise<{ program: Program; ends: [string, string] }> {
  const program = new Program("socat", ["-d", "-d", "pty,raw,echo=0", "pty,raw,echo=0"]);
  await program.says(/starting data transfer loop/);
  const [first, second] = [...program.said.matchAll(/PTY is (\S+)/g)].map(([, path]) => path as string);
  return { program, ends: [first as string, second as string] };
}

/** The gateway's answer about a hotspot, as far as it is asked here. */
interface Detail {
  sequence: { missing: number };
  status: { gnss: { latitude: number | null; longitude: number | null } | null } | null;
}

async function waitFor<T>(ask: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = systemClock.now() + LIMIT_MS / 2;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    if (systemClock.now() > deadlineMs) throw new Error("Waited too long");
    await systemClock.sleep(50);
  }
}

/** Both recordings, from their beginning, as fast as they are taken. */
async function play(port: string, udpPort: number, datagrams: readonly Uint8Array[]): Promise<void> {
  const socket = await bindUdp({ host: "127.0.0.1", port: 0 });
  for (const bytes of datagrams) await socket.send(bytes, { host: "127.0.0.1", port: udpPort });
  await socket.close();
  const serial = await openSerial({ path: port, baudRate: 9600 });
  for (const line of readFileSync(GPS_LOG, "latin1").split("\n")) {
    if (!line.startsWith("#")) await serial.write(Buffer.from(`${line}\n`, "latin1"));
  }
  await serial.close();
}

/** What was signed, read from the gateway's database after its end. */
async function storedStatuses(folder: string, hotspot: string): Promise<StatusPacket[]> {
  const store = await openStore(`sqlite://${join(folder, "gateway", "gateway.db")}`);
  try {
    const [range] = await store.sequenceRanges(hotspot);
    const sequences = Array.from({ length: range?.last ?? 0 }, (_, i) => i + 1);
    const packets = (await store.packetsBySequence(hotspot, sequences)).map(({ bytes }) => {
      const verified = verifyPacket(bytes, "demo");
      if (!verified.ok) throw new Error(`Stored packet does not verify: ${verified.code}`);
      return verified.decoded.packet;
    });
    return packets.filter((packet) => packet.type === "status").sort((a, b) => a.sequence - b.sequence);
  } finally {
    await store.close();
  }
}

test.skipIf(isMissing)(
  "a recorded receiver and a recorded forwarder become signed packets that the gateway accepts",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "earshot-recordings-"));
    mkdirSync(join(folder, "agent"), { mode: 0o700 });
    const [httpPort, mqttPort, udpPort, pagePort] = [
      await freePort(),
      await freePort(),
      await freePort(),
      await freePort(),
    ];
    const cable = await makeCable();
    const gateway = await startGateway({ folder, httpPort, mqttPort });
    const gps = `type = "nmea"\ndevice = "${cable.ends[0]}"\nbaud = 9600`;
    const { publicKey } = gateway;
    const agent = startAgent(writeAgentConfig({ folder, publicKey, mqttPort, udpPort, pagePort, gps }));
    const { datagrams, goodFrames } = recordedDatagrams();
    const expected = lastFix();
    try {
      const [hotspot] = await agent.says(/z6Mk\w{44}/);
      const url = `http://127.0.0.1:${httpPort}/api/v1/hotspots/${hotspot}`;
      const detailOf = async () => (await (await fetch(url)).json()) as Detail;
      // Once it is known to the gateway its ports are open too.
      await waitFor(async () => ((await detailOf()).status === null ? undefined : true));
      await play(cable.ends[1], udpPort, datagrams);
      const detail = await waitFor(async () => {
        const answer = await detailOf();
        return isNear(answer.status?.gnss, expected) ? answer : undefined;
      });
      expect(detail.sequence.missing).toBe(0);
      await Promise.all([agent.end("SIGTERM"), gateway.program.end("SIGTERM")]);
      const last = (await storedStatuses(folder, hotspot)).at(-1);
      console.log(
        `recorded position ${expected.lat}, ${expected.lon}; ${goodFrames} good frames; signed:`,
        last?.gnss,
        last?.radio,
      );
      expect(last?.radio?.rxOk).toBe(goodFrames);
    } finally {
      await Promise.all([agent.end("SIGKILL"), gateway.program.end("SIGKILL"), cable.program.end("SIGTERM")]);
      rmSync(folder, { recursive: true });
    }
  },
  LIMIT_MS,
);

/** The recording ends in the middle of an epoch, so the last one told may be the one before: a metre or so away. */
function isNear(
  gnss: { latitude: number | null; longitude: number | null } | null | undefined,
  fix: Fix,
): boolean {
  if (gnss?.latitude == null || gnss.longitude == null) return false;
  return Math.abs(gnss.latitude - fix.lat) < 1e-5 && Math.abs(gnss.longitude - fix.lon) < 1e-5;
}
