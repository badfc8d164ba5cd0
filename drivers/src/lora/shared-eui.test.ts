import { describe, expect, test } from "bun:test";
import { SharedEuiDetector, SourceAddresses } from "./shared-eui.ts";
import { TestStationServer } from "./station/test-station-server.ts";
import { pushText, rxpkText } from "./test-forwarder.ts";
import { TestUdpServer } from "./test-udp-server.ts";

const EUI = "aa555a0000000000";
const WARNING = "Several concentrators use one EUI: give each its own";
const warnings = ({ messages }: { messages: string[] }) => messages.filter((one) => one === WARNING).length;

describe("packet forwarders with one EUI", () => {
  test("two that ask for work in turns are one warning an hour, and both addresses are told", async () => {
    const server = new TestUdpServer();
    const both = [server.forwarder(), server.forwarder()];
    for (let i = 0; i < 60; i++) for (const one of both) await one.pull();
    expect(warnings(server)).toBe(1);
    expect(server.messages).toHaveLength(3);
    const [state] = server.driver.forwarders();
    expect(state).toMatchObject({ gatewayEui: EUI });
    expect(state?.sharedBy).toHaveLength(2);
    for (let minute = 0; minute < 125; minute++) {
      await server.clock.advance(60_000);
      for (const one of both) await one.pull();
      for (const one of both) await one.pull();
    }
    expect(warnings(server)).toBe(3);
  });

  test("what each hears is counted apart, and nothing of one is in the other's counters", async () => {
    const server = new TestUdpServer();
    const [one, other] = [server.forwarder(), server.forwarder()];
    for (let i = 0; i < 4; i++) for (const forwarder of [one, other]) await forwarder.pull();
    const stat = '{"stat":{"rxnb":1,"rxok":1,"ackr":100}}';
    for (let i = 0; i < 7; i++) await one.push(pushText(rxpkText({ tmst: i * 9_000_000 })));
    for (let i = 0; i < 3; i++) await other.push(pushText(rxpkText({ tmst: 500 + i * 9_000_000 })));
    await one.push(stat);
    await other.push(stat);
    const names = new Set<string | undefined>();
    for (let i = 0; i < 10; i++) names.add((await server.nextFrame()).gatewayEui);
    const statuses = [await server.nextStatus(), await server.nextStatus()];
    expect(statuses.map(({ rxOk }) => rxOk)).toEqual([7, 3]);
    expect(statuses.map(({ gatewayEui }) => gatewayEui)).toEqual([...names]);
    for (const name of names) expect(name).toMatch(/^aa555a0000000000 \(10\.0\.0\.2:\d+\)$/);
    expect(server.driver.forwarders()).toHaveLength(1);
  });

  test("one whose router gives it another port again and again, or that opens a socket for each datagram, is one", async () => {
    const server = new TestUdpServer();
    for (let i = 0; i < 200; i++) {
      const moved = server.forwarder();
      await moved.pull();
      await moved.push(pushText(rxpkText({ tmst: i * 9_000_000 })));
      await server.clock.advance(10_000);
    }
    expect(warnings(server)).toBe(0);
    expect(server.driver.forwarders()).toMatchObject([{ gatewayEui: EUI }]);
    expect(server.driver.forwarders()[0]?.sharedBy).toBeUndefined();
    expect(server.messages.length).toBeLessThan(4);
  });

  test("a line that fails over and back is one; when one of two is mended, it is said no more after ten minutes", async () => {
    const server = new TestUdpServer();
    const [wired, mobile] = [server.forwarder(), server.forwarder()];
    for (const path of [wired, mobile, wired]) {
      await path.pull();
      await path.push(pushText(rxpkText()));
    }
    expect(server.driver.forwarders()[0]?.sharedBy).toBeUndefined();
    for (let i = 0; i < 6; i++) for (const one of [wired, mobile]) await one.pull();
    expect(server.driver.forwarders()[0]?.sharedBy).toHaveLength(2);
    for (let i = 0; i < 62; i++) {
      await server.clock.advance(10_000);
      await wired.pull();
    }
    expect(server.driver.forwarders()[0]?.sharedBy).toBeUndefined();
  });
});

describe("stations with one EUI", () => {
  test("two that throw each other out are told apart after some turns, and both stay", async () => {
    const server = new TestStationServer();
    for (let i = 0; i < 6; i++) {
      await server.station("::1");
      await server.clock.advance(5000);
    }
    expect(warnings(server)).toBe(1);
    expect(server.messages.filter((one) => one.includes("comes and goes"))).toEqual([]);
    expect(server.listener.connections).toBeGreaterThanOrEqual(2);
    const states = server.driver.stations();
    expect(states[0]?.sharedBy?.length).toBeGreaterThanOrEqual(2);
    expect(new Set(states.map(({ gatewayEui }) => gatewayEui)).size).toBe(states.length);
    expect(states.filter(({ isConnected }) => isConnected).length).toBeGreaterThanOrEqual(2);
  });

  test("one that connects again because its line broke is one", async () => {
    const server = new TestStationServer();
    for (let i = 0; i < 10; i++) {
      await server.station("::1");
      await server.clock.advance(70_000);
    }
    expect(warnings(server)).toBe(0);
    expect(server.driver.stations()).toHaveLength(1);
  });
});

describe("addresses of one EUI", () => {
  const address = (port: number) => ({ host: "10.0.0.2", port });
  const MINUTE_MS = 60_000;

  /** Two that send in turns, each turn `apartMs` after the one before. */
  function inTurns(apartMs: number, count: number) {
    const turns = new SharedEuiDetector();
    const addresses = new SourceAddresses(turns);
    for (let i = 0; i < count; i++) addresses.see(address(i % 2), i * apartMs);
    return { turns, addresses, lastMs: (count - 1) * apartMs };
  }

  test("are two concentrators' after four turns within three minutes", () => {
    // The first two are new: turns are those that come back.
    const isShared = ({ turns, lastMs }: ReturnType<typeof inTurns>) => turns.isShared(lastMs);
    expect([inTurns(MINUTE_MS, 5), inTurns(MINUTE_MS, 6)].map(isShared)).toEqual([false, true]);
    expect(isShared(inTurns(MINUTE_MS + 1, 6))).toBe(false);
  });

  test("are so for ten minutes after the last turn", () => {
    const { turns, lastMs } = inTurns(MINUTE_MS, 6);
    expect([600_000, 600_001].map((ms) => turns.isShared(lastMs + ms))).toEqual([true, false]);
  });

  test("are warned of once an hour", () => {
    const { turns, lastMs } = inTurns(MINUTE_MS, 6);
    const isDue = (afterMs: number) => {
      turns.turn(lastMs + afterMs);
      for (let i = 0; i < 4; i++) turns.turn(lastMs + afterMs);
      return turns.isWarningDue(lastMs + afterMs);
    };
    expect([0, 1, 3_599_999, 3_600_000, 3_600_001].map(isDue)).toEqual([true, false, false, true, false]);
  });

  test("count as left when three minutes have passed: who comes back then is new", () => {
    const back = (afterMs: number) => {
      const addresses = new SourceAddresses(new SharedEuiDetector());
      expect([addresses.see(address(1), 0), addresses.see(address(2), 1)]).toEqual(["same", "new"]);
      expect(addresses.addresses(afterMs)).toHaveLength(afterMs > 180_000 ? 1 : 2);
      return addresses.see(address(1), afterMs);
    };
    expect([back(180_000), back(180_001)]).toEqual(["back", "new"]);
  });

  test("are remembered, the latest eight", () => {
    const addresses = new SourceAddresses(new SharedEuiDetector());
    for (let port = 1; port <= 20; port++) addresses.see(address(port), port);
    expect(addresses.addresses(20)).toEqual(Array.from({ length: 8 }, (_, i) => `10.0.0.2:${13 + i}`));
  });
});
