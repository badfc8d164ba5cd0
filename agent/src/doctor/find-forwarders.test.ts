import { expect, test } from "bun:test";
import { bindUdp, encodeGwmp } from "@earshot/drivers";
import { ManualClock } from "@earshot/protocol/testing";
import { findForwarder } from "./find-forwarders.ts";

const EUI = "0016c001f156d7e5";
const PULL_DATA = encodeGwmp({ version: 2, type: "PULL_DATA", token: 7, gatewayEui: EUI });
const never = new AbortController().signal;

/** Lets sockets do their work. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A UDP port that nobody has. */
async function freePort(): Promise<number> {
  const socket = await bindUdp({ host: "127.0.0.1", port: 0 });
  await socket.close();
  return socket.local.port;
}

test("a forwarder that asks for work is found, other datagrams are not one", async () => {
  const port = await freePort();
  const clock = new ManualClock();
  const forwarder = await bindUdp({ host: "127.0.0.1", port: 0 });
  let isDone = false;
  const searching = findForwarder({ host: "127.0.0.1", port }, clock, never).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    await forwarder.send(Uint8Array.of(1, 2, 3), { host: "127.0.0.1", port });
    await forwarder.send(PULL_DATA, { host: "127.0.0.1", port });
    await turn();
  }
  await forwarder.close();
  expect(await searching).toEqual({ state: "found", gatewayEui: EUI, from: "127.0.0.1", port });
  expect(clock.pending).toBe(0);
});

test("nobody sends there: said after a while, and the port is free again", async () => {
  const port = await freePort();
  const clock = new ManualClock();
  const searching = findForwarder({ host: "127.0.0.1", port }, clock, never);
  while (clock.pending === 0) await turn();
  await clock.advance(11_000);
  expect(await searching).toEqual({ state: "none", port });
  const again = await bindUdp({ host: "127.0.0.1", port });
  await again.close();
});

test("a port that another program has is told with its reason", async () => {
  const taken = await bindUdp({ host: "127.0.0.1", port: 0 });
  const result = await findForwarder(taken.local, new ManualClock(), never);
  await taken.close();
  expect(result).toMatchObject({ state: "taken", port: taken.local.port });
  expect(result.state === "taken" && result.why).toContain(`Cannot bind udp 127.0.0.1:${taken.local.port}`);
});

test("the caller ends it, before and meanwhile", async () => {
  const address = { host: "127.0.0.1", port: 0 };
  const clock = new ManualClock();
  expect(await findForwarder(address, clock, AbortSignal.abort())).toMatchObject({ state: "none" });
  const stop = new AbortController();
  const searching = findForwarder(address, clock, stop.signal);
  while (clock.pending === 0) await turn();
  stop.abort();
  expect(await searching).toMatchObject({ state: "none" });
  expect(clock.pending).toBe(0);
});
