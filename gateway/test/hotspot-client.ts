import { hotspotId, makeLoginToken, type Signer } from "@earshot/protocol";
import mqtt, { type IClientOptions, type MqttClient } from "mqtt";

/** A hotspot's own view of a broker, over a real socket; honest unless told otherwise. */
export interface HotspotClient extends AsyncDisposable {
  client: MqttClient;
  /** Messages as they come, oldest first. */
  inbox: { topic: string; payload: Uint8Array }[];
  /** Resolves with the next message that `inbox` does not hold yet. */
  nextMessage(): Promise<{ topic: string; payload: Uint8Array }>;
  /** Resolves when the broker ends the session. */
  closed: Promise<void>;
}

export interface Account {
  signer: Signer;
  network: string;
  nowMs: number;
}

export const honestLogin = ({ signer, network, nowMs }: Account): IClientOptions => ({
  username: hotspotId(signer.publicKey),
  password: makeLoginToken(signer, network, nowMs),
  clientId: hotspotId(signer.publicKey),
});

/** Rejects with the broker's return code as `code` when it refuses the login. */
export async function connectHotspot(
  port: number,
  account: Account,
  changes: IClientOptions = {},
): Promise<HotspotClient> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, {
    protocolVersion: 4,
    clean: false,
    reconnectPeriod: 0,
    ...honestLogin(account),
    ...changes,
  });
  client.on("error", () => undefined);
  const inbox: HotspotClient["inbox"] = [];
  const waiting: (() => void)[] = [];
  client.on("message", (topic, payload) => {
    inbox.push({ topic, payload: new Uint8Array(payload) });
    for (const wake of waiting.splice(0)) wake();
  });
  return {
    client,
    inbox,
    closed: new Promise((resolve) => client.once("close", () => resolve())),
    async nextMessage() {
      await new Promise<void>((resolve) => waiting.push(resolve));
      return inbox.at(-1) as HotspotClient["inbox"][number];
    },
    async [Symbol.asyncDispose]() {
      await client.endAsync(true);
    },
  };
}

/** The return code with which the broker refused, or "connected". */
export async function loginResult(port: number, account: Account, changes: IClientOptions) {
  try {
    const hotspot = await connectHotspot(port, account, changes);
    await hotspot[Symbol.asyncDispose]();
    return "connected";
  } catch (error) {
    return (error as { code?: number }).code;
  }
}

/** 128 where the broker refused the subscription, else the QoS granted. */
export async function subscribeResult({ client }: HotspotClient, filter: string): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  client.subscribe(filter, { qos: 1 }, (_error, _granted, packet) => {
    resolve(Number((packet?.granted as number[] | undefined)?.[0] ?? 128));
  });
  return promise;
}
