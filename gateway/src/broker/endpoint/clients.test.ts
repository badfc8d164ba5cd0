import { expect, test } from "bun:test";
import { silentLog } from "@earshot/protocol";
import { ManualClock } from "@earshot/protocol/testing";
import { generate } from "mqtt-packet";
import { Clients } from "./clients.ts";
import { Sessions } from "./sessions.ts";
import { settle, TestSocket } from "./test-socket.ts";

test("when all of them hold too much that is not stored, those that hold most go", async () => {
  const clock = new ManualClock();
  const ended: string[] = [];
  const clients = new Clients({
    ...{ clock, maxConnections: 9, maxPerAddress: 9, maxHeldBytes: 2000 },
    onEnd: (reason, hotspotId) => void ended.push(`${hotspotId} ${reason}`),
  });
  const uplink = {
    login: (username: string) => ({ ok: true, hotspotId: username }) as const,
    ingest: () => new Promise<never>(() => {}),
    mayPublish: () => true,
    maySubscribe: () => true,
    presence() {},
    announce: async () => {},
  };
  const deps = { uplink, sessions: new Sessions(), clock, log: silentLog, mayLogIn: () => true };
  for (const [clientId, length] of [
    ["a", 500],
    ["b", 1500],
    ["c", 700],
  ] as const) {
    const socket = new TestSocket();
    clients.admit(socket.asSocket)?.begin({ ...deps, onLogin() {}, onLoginRefused() {} });
    const login = { protocolId: "MQTT", protocolVersion: 4, clientId, username: clientId } as const;
    socket.push(generate({ cmd: "connect", ...login }));
    const publish = { topic: "t", payload: Buffer.alloc(length), qos: 1, dup: false, retain: false } as const;
    socket.push(generate({ cmd: "publish", messageId: 1, ...publish }));
  }
  await settle();
  clients.tick(clock.elapsedMs());
  expect(ended).toEqual(["b server_busy"]);
});
