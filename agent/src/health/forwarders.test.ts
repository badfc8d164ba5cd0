import { describe, expect, test } from "bun:test";
import type { StationTrouble } from "@earshot/drivers";
import type { ForwarderFacts, RadioSetup } from "../board/agent-status.ts";
import { connectAdvice, forwarderProblem, restartAdvice } from "./forwarders.ts";

const NOW_MS = Date.UTC(2026, 5, 1, 12);
const listen = { host: "127.0.0.1", port: 1887 };
const UDP: RadioSetup = { type: "semtech-udp", listen: { host: "0.0.0.0", port: 1700 } };
const STATION: RadioSetup = { type: "basics-station", listen, isSecure: false, hasToken: false };
const SECURE: RadioSetup = { ...STATION, isSecure: true, hasToken: true };

const forwarder = (silentS: number, canTransmit: boolean): ForwarderFacts => ({
  gatewayEui: "00",
  lastSeenMs: NOW_MS - silentS * 1000,
  canTransmit,
});

function problem(
  setup: RadioSetup,
  forwarders: ForwarderFacts[],
  { waitedS = 600, refused }: { waitedS?: number; refused?: { trouble: StationTrouble; agoS: number } } = {},
) {
  const turnedAway = refused && {
    trouble: refused.trouble,
    host: "10.0.0.9",
    atMs: NOW_MS - refused.agoS * 1000,
  };
  const radio = { setup, forwarders, sinceMs: NOW_MS - waitedS * 1000 };
  return forwarderProblem({
    radio: turnedAway === undefined ? radio : { ...radio, refused: turnedAway },
    atMs: NOW_MS,
    startedAtMs: 0,
  });
}

describe("a packet forwarder", () => {
  test("that is missing: the advice is where to send, by the keys of its own files", () => {
    expect(problem(UDP, [], { waitedS: 59 })).toMatchObject({ health: "attention" });
    const part = problem(UDP, []);
    expect(part).toMatchObject({
      health: "broken",
      text: "No packet forwarder has connected in 10 min",
    });
    expect(part?.advice).toContain('"server_address" to ADDRESS-OF-THIS-MACHINE');
    expect(part?.advice).toContain('"serv_port_up" and "serv_port_down" to 1700');
    expect(part?.advice).not.toContain("tc.uri");
    const local = { ...UDP, listen: { host: "127.0.0.1", port: 1701 } };
    expect(connectAdvice(local)).toContain('listen = "0.0.0.0:1701"');
  });

  test("that fell silent, or only sends", () => {
    expect(problem(UDP, [forwarder(5, true)])).toBeUndefined();
    expect(problem(UDP, [forwarder(91, false)])?.text).toBe("The packet forwarder was last heard 1 min ago");
    expect(problem(UDP, [forwarder(5, false)])?.advice).toContain("serv_port_down");
  });
});

describe("a Basics Station", () => {
  test("that is missing: the advice is how to write tc.uri, and about CUPS", () => {
    const part = problem(STATION, []);
    expect(part).toMatchObject({ health: "broken", text: "No Basics Station has connected in 10 min" });
    expect(part?.advice).toStartWith(
      "Write ws://127.0.0.1:1887 into the station's tc.uri, remove its cups.uri",
    );
    expect(connectAdvice(SECURE)).toContain("wss://127.0.0.1:1887");
    expect(connectAdvice({ ...SECURE, listen: { host: "fd00::1", port: 1887 } })).toContain(
      "wss://[fd00::1]:1887",
    );
  });

  test("that is connected may be silent for hours: it sends only what it hears", () => {
    expect(problem(STATION, [forwarder(7200, true)])).toBeUndefined();
    expect(problem(STATION, [forwarder(30, false)])).toMatchObject({ health: "attention" });
    expect(problem(STATION, [forwarder(120, false)])).toMatchObject({
      health: "broken",
      text: "The Basics Station is not connected; it was last heard 2 min ago",
    });
  });

  test("that comes and goes is reported so, connected or not", () => {
    for (const canTransmit of [true, false]) {
      const station = { ...forwarder(1, canTransmit), lostInHour: 12 };
      expect(problem(STATION, [forwarder(1, true), station])).toMatchObject({
        health: "attention",
        text: "Station 00 comes and goes: lost 12 times in the last hour",
      });
    }
    expect(problem(STATION, [{ ...forwarder(1, true), lostInHour: 3 }])).toBeUndefined();
  });

  test("a token without TLS lets none in: that is reported before one tries, unless something else brings TLS", () => {
    const part = problem({ ...STATION, hasToken: true }, [], { waitedS: 1 });
    expect(part?.health).toBe("broken");
    expect(part?.advice).toStartWith("Set cert_file and key_file in [lora] and wss://");
    expect(problem({ ...STATION, hasToken: true }, [forwarder(5, true)])).toBeUndefined();
  });

  const cases: [StationTrouble, text: RegExp, advice: RegExp][] = [
    ["token", /10\.0\.0\.9 is refused \(401\)/, /tc\.key .*"Authorization: TOKEN".*wss:/],
    ["cups", /asks for CUPS/, /Remove cups\.uri.*tc\.uri/],
    ["plain", /without TLS/, /wss:.*tc\.uri.*tc\.trust/],
    ["tls", /no certificate/, /tc\.uri.*cert_file/],
    ["client-certificate", /client_ca_file/, /tc\.crt and tc\.key/],
    ["handshake", /handshake/, /tc\.trust/],
    ["path", /another path/, /without a path/],
    ["full", /too many/, /what else connects/],
    ["web-page", /web page/, /Close that page/],
  ];
  for (const [trouble, text, advice] of cases) {
    test(`refused for "${trouble}": the advice is what to do in its own files`, () => {
      const part = problem(SECURE, [], { refused: { trouble, agoS: 30 } });
      expect(part?.health).toBe("broken");
      expect(part?.text).toMatch(text);
      expect(part?.advice).toMatch(advice);
      expect(`${part?.text} ${part?.advice}`).not.toMatch(/serv_port|undefined/);
    });
  }

  test("what was turned away long ago, or beside one that works, is past", () => {
    const past = problem(SECURE, [], { refused: { trouble: "token", agoS: 601 } });
    expect(past?.text).toContain("No Basics Station has connected");
    const beside = { refused: { trouble: "token", agoS: 5 } } as const;
    expect(problem(SECURE, [forwarder(1, true)], beside)).toBeUndefined();
  });
});

test("the advice for a deaf radio is to restart what drives it", () => {
  expect(restartAdvice(UDP)).toContain("packet forwarder");
  expect(restartAdvice(STATION)).toContain("Basics Station");
  expect(restartAdvice({ type: "rak3172" })).toContain("modem");
});
