/**
 * Packets per second that the embedded broker takes in, to "durable" in SQLite on disk.
 *
 *   bun gateway/bench/edge.ts [rounds]
 */

import { silentLog } from "@earshot/protocol";
import { systemClock } from "@earshot/protocol/runtime";
import { openEmbeddedBroker } from "../src/broker/embedded.ts";
import { measureOverMqtt } from "./over-mqtt.ts";

const ROUNDS = Number(process.argv[2] ?? 5);

await measureOverMqtt("embedded broker", ROUNDS, 0.7, async () => {
  const broker = await openEmbeddedBroker({
    ...{ host: "127.0.0.1", port: 0, maxConnections: 1000 },
    ...{ clock: systemClock, log: silentLog },
  });
  return {
    downlink: broker,
    port: broker.port,
    serve: async (gateway) => broker.serve(gateway),
    [Symbol.asyncDispose]: () => broker.close(),
  };
});
