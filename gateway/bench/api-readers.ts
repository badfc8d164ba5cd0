/**
 * Connections that read one path after the other, each as soon as the last is answered, in a process of their own: a
 * child of `api.ts`. Raw sockets, so that reading costs little beside answering.
 */
import { connect } from "node:net";

export interface Reading {
  port: number;
  connections: number;
  durationMs: number;
  paths: string[];
}

export interface Read {
  answers: number;
  bytes: number;
}

const END_OF_HEAD = "\r\n\r\n";

/** One connection; `next` gives the path to ask for. */
function read(port: number, next: () => string | undefined): Promise<Read> {
  const { promise, resolve, reject } = Promise.withResolvers<Read>();
  const socket = connect(port, "127.0.0.1");
  const sum = { answers: 0, bytes: 0 };
  let head = "";
  /** Of the body, still to come; undefined before the head is there. */
  let left: number | undefined;
  const ask = () => {
    const path = next();
    if (path !== undefined) socket.write(`GET ${path} HTTP/1.1\r\nHost: bench\r\n\r\n`);
    else {
      socket.destroy();
      resolve(sum);
    }
  };
  socket.on("connect", ask).on("error", reject);
  socket.on("data", (bytes: Buffer) => {
    sum.bytes += bytes.length;
    let body = bytes.length;
    if (left === undefined) {
      head += bytes.toString("latin1");
      const end = head.indexOf(END_OF_HEAD);
      if (end < 0) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1];
      if (!head.startsWith("HTTP/1.1 200 ") || length === undefined)
        return reject(new Error(head.slice(0, 500)));
      left = Number(length);
      body = head.length - end - END_OF_HEAD.length;
    }
    left -= body;
    if (left > 0) return;
    head = "";
    left = undefined;
    sum.answers++;
    ask();
  });
  return promise;
}

process.on("message", async ({ port, connections, durationMs, paths }: Reading) => {
  const endMs = performance.now() + durationMs;
  let asked = 0;
  const next = () => (performance.now() > endMs ? undefined : paths[asked++ % paths.length]);
  try {
    const all = await Promise.all(Array.from({ length: connections }, () => read(port, next)));
    const answers = all.reduce((sum, each) => sum + each.answers, 0);
    const bytes = all.reduce((sum, each) => sum + each.bytes, 0);
    process.send?.({ answers, bytes } satisfies Read);
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
});
process.on("disconnect", () => process.exit(0));
