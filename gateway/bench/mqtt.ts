/**
 * Packets per second that come in through Mosquitto, to "durable" in SQLite on disk.
 *
 *   bun gateway/bench/mqtt.ts [rounds]
 */

import { silentLog } from "@earshot/protocol";
import { systemClock } from "@earshot/protocol/runtime";
import { openExternalBroker } from "../src/broker/external.ts";
import { isMosquittoMissing, Mosquitto } from "../test/mosquitto.ts";
import { NETWORK } from "./load.ts";
import { measureOverMqtt } from "./over-mqtt.ts";

const ROUNDS = Number(process.argv[2] ?? 5);

if (isMosquittoMissing) {
  console.log("Skipped: mosquitto is not installed");
} else {
  await measureOverMqtt("Mosquitto", ROUNDS, 0.4, async () => {
    // Hotspots are acknowledged by Mosquitto, which must then keep all that the gateway has not taken yet.
    const mosquitto = await Mosquitto.start(() => ["allow_anonymous true", "max_queued_messages 0"]);
    const { port } = mosquitto;
    const options = {
      url: `mqtt://127.0.0.1:${port}`,
      clientId: "gateway",
      network: NETWORK,
      clock: systemClock,
    };
    const broker = openExternalBroker({ ...options, log: silentLog });
    return {
      downlink: broker,
      port,
      serve: (gateway) => broker.serve(gateway),
      async [Symbol.asyncDispose]() {
        await broker.close();
        await mosquitto[Symbol.asyncDispose]();
      },
    };
  });
}
