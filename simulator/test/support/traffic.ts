import { bindUdp, encodeGwmp, encodePushData } from "@earshot/drivers";
import { type Clock, encodeBeaconFrame, type Random } from "@earshot/protocol";

const GATEWAY_EUI = "aa555a0000000001";

export interface TrafficOptions {
  clock: Clock;
  random: Random;
  /** Where the agent's radio driver listens. */
  udpPort: number;
  periodMs: number;
  entropyPeriodMs: number;
}

/**
 * A packet forwarder in a busy neighbourhood: hears another beacon each period, so that the agent signs a witness
 * packet each. Nobody reported those beacons; what is tested is that no packet is lost, not what it earns.
 */
export async function sendTraffic(options: TrafficOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, udpPort, periodMs } = options;
  const socket = await bindUdp({ host: "127.0.0.1", port: 0 });
  const to = { host: "127.0.0.1", port: udpPort };
  const header = { version: 2, gatewayEui: GATEWAY_EUI } as const;
  try {
    for (let token = 0; !signal.aborted; token = (token + 1) & 0xffff) {
      const json = encodePushData({ receptions: [{ frame: frameHeard(options) }] });
      // A forwarder does not mind that its server is away for a moment.
      await Promise.allSettled([
        socket.send(encodeGwmp({ type: "PULL_DATA", token, ...header }), to),
        socket.send(encodeGwmp({ type: "PUSH_DATA", token, json, ...header }), to),
      ]);
      await clock.sleep(periodMs * (0.5 + random()), signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    await socket.close();
  }
}

function frameHeard({ clock, random, entropyPeriodMs }: TrafficOptions) {
  const randomBytes = (length: number) => Uint8Array.from({ length }, () => Math.floor(random() * 256));
  const entropyIndex = Math.floor(clock.now() / entropyPeriodMs);
  return {
    kind: "frame",
    modulation: "lora",
    atMs: clock.now(),
    bytes: encodeBeaconFrame({ entropyIndex, shortId: randomBytes(8), tag: randomBytes(16) }),
    freqHz: 904_300_000,
    spreadingFactor: 9,
    bandwidthHz: 125_000,
    codingRate: "4/5",
    rssiDbm: -100,
    snrDb: 1.5,
    tmstUs: Math.floor(random() * 2 ** 32),
    channel: 2,
    radio: 0,
  } as const;
}
