import { once } from "node:events";
import { type ClientOptions, WebSocket } from "ws";
import { Mailbox, type StationWire } from "./test-station.ts";

/** A real WebSocket to a real server. Rejects with the HTTP status when it is refused. */
export async function dialWebSocket(url: string, options: ClientOptions = {}): Promise<StationWire> {
  const webSocket = new WebSocket(url, { perMessageDeflate: false, ...options });
  const received = new Mailbox<string>();
  webSocket.on("message", (data) => received.push(String(data)));
  const ended = Promise.withResolvers<void>();
  webSocket.on("close", () => ended.resolve());
  await once(webSocket, "open");
  webSocket.on("error", () => {});
  return {
    received,
    ended: ended.promise,
    async up(text) {
      webSocket.send(text);
    },
    async upBinary(bytes) {
      webSocket.send(bytes);
    },
    async settled() {
      const answered = Promise.race([once(webSocket, "pong"), ended.promise]);
      if (webSocket.readyState === WebSocket.OPEN) webSocket.ping();
      await answered;
    },
    async hangUp() {
      webSocket.close();
      await ended.promise;
    },
  };
}
