import { expect, test } from "bun:test";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { ManualClock } from "@earshot/protocol/testing";
import fc from "fast-check";
import { findGpsd, parseGpsd } from "./find-gpsd.ts";

const VERSION = '{"class":"VERSION","release":"3.22","rev":"3.22","proto_major":3,"proto_minor":14}\r\n';
const DEVICES =
  '{"class":"DEVICES","devices":[{"class":"DEVICE","path":"/dev/ttyACM0"},{"path":7},null]}\r\n';
const never = new AbortController().signal;

/** A server that does `serve` with whoever connects. */
async function serverThat(serve: (socket: Socket) => void) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    address: { host: "127.0.0.1", port },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

test("gpsd says its release and its devices, and is asked nothing else", async () => {
  let asked = "";
  await using gpsd = await serverThat((socket) => {
    socket.write(VERSION);
    socket.on("data", (bytes) => {
      asked += bytes;
      socket.write(DEVICES.slice(0, 20));
      socket.write(DEVICES.slice(20));
    });
  });
  const clock = new ManualClock();
  expect(await findGpsd(gpsd.address, clock, never)).toEqual({ release: "3.22", devices: ["/dev/ttyACM0"] });
  expect(asked).toBe("?DEVICES;\n");
  expect(clock.pending).toBe(0);
});

test("nobody, another program that floods, and one that hangs up are no gpsd", async () => {
  const { address } = await (async () => {
    await using gone = await serverThat(() => {});
    return gone;
  })();
  const clock = new ManualClock();
  expect(await findGpsd(address, clock, never)).toBeUndefined();
  await using flood = await serverThat((socket) => socket.write("x".repeat(100_000)));
  expect(await findGpsd(flood.address, clock, never)).toBeUndefined();
  await using rude = await serverThat((socket) => socket.end());
  expect(await findGpsd(rude.address, clock, never)).toBeUndefined();
  expect(clock.pending).toBe(0);
});

test("one that says nothing is given up after two seconds", async () => {
  const connected = Promise.withResolvers<void>();
  await using silent = await serverThat((socket) => {
    socket.on("data", () => connected.resolve());
  });
  const clock = new ManualClock();
  const searching = findGpsd(silent.address, clock, never);
  await connected.promise;
  await clock.advance(2000);
  expect(await searching).toBeUndefined();
  expect(clock.pending).toBe(0);
});

test("any text at all is read without a throw", () => {
  expect(parseGpsd(VERSION + DEVICES)).toEqual({ release: "3.22", devices: ["/dev/ttyACM0"] });
  expect(parseGpsd(VERSION.trim())).toBeUndefined();
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.json(), fc.constant(VERSION))), (parts) => {
      const found = parseGpsd(`${parts.join("\n")}\n`);
      expect(found === undefined || Object.keys(found).length > 0).toBe(true);
    }),
  );
});
