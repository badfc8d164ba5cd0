import { expect, test } from "bun:test";
import { once } from "node:events";
import { AttachedHotspot } from "./attached-hotspot.ts";
import { FakeGpsd } from "./fake-gpsd.ts";

const ROLLOVER_MS = 1024 * 7 * 86_400_000;
/** 1980-01-06, and the leap seconds since. */
const gpsUs = (utcMs: number) => (utcMs - Date.UTC(1980, 0, 6) + 18_000) * 1000;

const STATION = {
  type: "basics-station",
  listen: { host: "127.0.0.1", port: 0 },
  region: "EU868",
  powerDbm: 14,
} as const;

/** A station on a real WebSocket, which asks for the time. */
class AskingStation {
  readonly #socket: WebSocket;
  readonly #said: string[] = [];
  #heard = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.#said.push(String(data));
      this.#heard();
    });
  }

  static async connected(address: string): Promise<AskingStation> {
    const socket = new WebSocket(`ws://${address}/router/0000000000000001`);
    const station = new AskingStation(socket);
    await once(socket, "open");
    return station;
  }

  /** The time that it is told, µs since the GPS epoch; `undefined` when what it asks next is answered first. */
  async time(): Promise<number | undefined> {
    this.#said.length = 0;
    this.#socket.send('{"msgtype":"timesync","txtime":7}');
    this.#socket.send('{"msgtype":"version","station":"2.0.6","model":"linux","protocol":2,"features":""}');
    const isThere = () => this.#said.some((text) => text.includes("router_config"));
    while (!isThere()) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#heard = resolve;
      await promise;
    }
    const answer = this.#said.find((text) => text.includes('"timesync"'));
    if (answer === undefined) return undefined;
    expect(answer).toContain('"txtime":7,');
    return JSON.parse(answer).gpstime;
  }
}

test("a station that asks gets GPS time while the receiver can be trusted, and no answer while it cannot", async () => {
  await using gpsd = await FakeGpsd.listen();
  await using hotspot = new AttachedHotspot([], gpsd.config, STATION);
  const { clock } = hotspot;
  await hotspot.until(() => hotspot.count("Opened gps") > 0 && hotspot.count("Opened radio") > 0);
  const [address] =
    /127\.0\.0\.1:\d+/.exec(hotspot.logged.find((line) => line.includes("Opened radio")) ?? "") ?? [];
  const station = await AskingStation.connected(address ?? "");
  let told = 0;
  const fix = async (offMs: number, more = {}) => {
    gpsd.fix(clock.now() + offMs, more);
    told += 1;
    await hotspot.until(() => (hotspot.board.snapshot(clock).gps?.readings ?? 0) >= told);
  };

  expect(await station.time()).toBeUndefined();
  await fix(-700);
  expect(await station.time()).toBe(gpsUs(clock.now()));
  await fix(-ROLLOVER_MS);
  expect(await station.time()).toBeUndefined();
  await fix(18_000);
  expect(await station.time()).toBeUndefined();
  await fix(0, { lat: 0, lon: 0 });
  expect(await station.time()).toBeUndefined();

  gpsd.messageCame(clock.now() - 1200, clock.now() - 1050);
  await fix(-1000);
  expect(await station.time()).toBe(gpsUs(clock.now() - 150));
  // This machine's clock is set: GPS time goes on as it was told, for a station at least while the two agree.
  clock.stepWall(1500);
  expect(await station.time()).toBe(gpsUs(clock.now() - 1650));
  clock.stepWall(1500);
  expect(await station.time()).toBeUndefined();
  clock.stepWall(-3000);
  await clock.advance(4000);
  expect(await station.time()).toBe(gpsUs(clock.now() - 150));
  await clock.advance(2000);
  expect(await station.time()).toBeUndefined();
});

test("for a gpsd without a device the advice is gpsd's own file, at once and after it was asked again", async () => {
  await using gpsd = await FakeGpsd.listen([
    { class: "VERSION", release: "3.22" },
    { class: "DEVICES", devices: [] },
  ]);
  await using hotspot = new AttachedHotspot([], gpsd.config);
  const hasFrames = () => (hotspot.board.snapshot(hotspot.clock).gps?.frames ?? 0) === 2;
  await hotspot.until(() => hotspot.count("Opened gps") > 0);
  while (!hasFrames()) await new Promise((resolve) => setImmediate(resolve));
  const expected = { text: "gpsd has no device", advice: expect.stringContaining("/etc/default/gpsd") };
  expect(hotspot.part("GPS")).toMatchObject({ ...expected, health: "attention" });
  await hotspot.clock.advance(25_000);
  expect(hotspot.part("GPS")).toMatchObject({ ...expected, health: "broken" });
  const lost = hotspot.next("No gps");
  await hotspot.clock.advance(36_000);
  await lost;
  expect(hotspot.part("GPS")).toMatchObject({ advice: expected.advice, health: "broken" });
  expect(hotspot.part("GPS").text).toMatch(/^gpsd has no device; lost/);
});

test("a stopped gpsd is reported as that", async () => {
  const gpsd = await FakeGpsd.listen();
  const { config } = gpsd;
  await gpsd[Symbol.asyncDispose]();
  await using hotspot = new AttachedHotspot([], config);
  await hotspot.next("No gps");
  expect(hotspot.part("GPS")).toMatchObject({
    health: "broken",
    advice: expect.stringMatching(/^Start gpsd/),
  });
  expect(hotspot.part("GPS").text).toMatch(
    /^Cannot connect to tcp 127\.0\.0\.1:\d+: nothing listens there; lost/,
  );
});
