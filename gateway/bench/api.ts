/**
 * What reading the API costs at 50 and at 5,000 hotspots, and what it costs others.
 *
 *   bun gateway/bench/api.ts [seconds [hotspots]]
 *
 * Gateway, readers and the hotspots that publish beside them are processes of their own. CPU is the gateway's, user and
 * system time of all threads. Both sizes are measured in turn; the same 50 hotspots are read, with the same history.
 */
import { encodePacket, makeLoginToken, upTopic } from "@earshot/protocol";
import { connectAsync, type MqttClient } from "mqtt";
import { statusOf } from "../src/testing/seeded-fleet.ts";
import type { ApiGateway } from "./api-gateway.ts";
import type { Read, Reading } from "./api-readers.ts";
import { type BenchHotspot, makeHotspots, NETWORK } from "./load.ts";

const SECONDS = Number(process.argv[2] ?? 4);
const SIZES = [50, Number(process.argv[3] ?? 5000)] as const;
const READERS = 16;
const AIM = 2;

interface Child<Answer> extends AsyncDisposable {
  /** The next message that it sends. */
  next(): Promise<Answer>;
  ask(what: unknown): Promise<Answer>;
}

function start<Answer>(file: string, ...args: string[]): Child<Answer> {
  let answered = Promise.withResolvers<Answer>();
  const child = Bun.spawn([process.execPath, new URL(file, import.meta.url).pathname, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
    ipc: (message) => answered.resolve(message as Answer),
    onExit: () => answered.reject(new Error(`${file} has ended`)),
  });
  return {
    next: () => answered.promise,
    ask(what) {
      answered = Promise.withResolvers();
      child.send(what);
      return answered.promise;
    },
    async [Symbol.asyncDispose]() {
      answered.promise.catch(() => undefined);
      child.kill();
      await child.exited;
    },
  };
}

let made = 0;
/** A query that no route looks at keeps an answer from being given again: each is made. */
const fresh = (paths: readonly string[]): string[] =>
  Array.from({ length: 5000 }, (_, i) => `${paths[i % paths.length]}?n=${made++}`);

interface Case {
  name: string;
  paths(gateway: ApiGateway): string[];
}

const hotspots = ({ ids }: ApiGateway) => ids.map((id) => `/api/v1/hotspots/${id}`);

const CASES: readonly Case[] = [
  { name: "/hotspots/{id}", paths: (gateway) => fresh(hotspots(gateway)) },
  { name: "/hotspots/{id}, given again", paths: hotspots },
  {
    name: "/hotspots/{id}/verdicts, 50",
    paths: ({ ids }) =>
      ids.flatMap((id) => [50, 49, 48].map((n) => `/api/v1/hotspots/${id}/verdicts?limit=${n}`)),
  },
  { name: "/verdicts/{packetId}", paths: ({ packetIds }) => packetIds.map((id) => `/api/v1/verdicts/${id}`) },
  {
    name: "/hotspots, 25 on a page",
    paths: ({ ids }) =>
      ids
        .toSorted()
        .slice(0, 25)
        .map((id) => `/api/v1/hotspots?limit=25&after=${id}`),
  },
  { name: "/hotspots, the usual page", paths: () => ["/api/v1/hotspots"] },
  { name: "/cells and /links", paths: () => ["/api/v1/cells", "/api/v1/links"] },
];

interface Bench {
  gateway: Child<ApiGateway | NodeJS.CpuUsage>;
  about: ApiGateway;
  readers: Child<Read>;
  /** Medians of what was measured, by case. */
  costs: Map<string, { perSecond: number; cpuUs: number }>;
}

async function open(size: number, opened: AsyncDisposableStack): Promise<Bench> {
  const gateway = opened.use(start<ApiGateway | NodeJS.CpuUsage>("api-gateway.ts", String(size)));
  const readers = opened.use(start<Read>("api-readers.ts"));
  return { gateway, about: (await gateway.next()) as ApiGateway, readers, costs: new Map() };
}

const read = (
  { readers, about: { httpPort: port } }: Bench,
  paths: string[],
  seconds: number,
): Promise<Read> =>
  readers.ask({ port, connections: READERS, durationMs: seconds * 1000, paths } satisfies Reading);

async function measure(bench: Bench, { name, paths }: Case): Promise<void> {
  // Not counted: code is compiled, and what is kept of hotspots is read for the first time.
  await read(bench, paths(bench.about), SECONDS / 4);
  const cpuUs = async () => {
    const { user, system } = (await bench.gateway.ask("cpu")) as NodeJS.CpuUsage;
    return user + system;
  };
  const before = await cpuUs();
  const { answers } = await read(bench, paths(bench.about), SECONDS);
  bench.costs.set(name, { perSecond: answers / SECONDS, cpuUs: ((await cpuUs()) - before) / answers });
}

/** A hotspot publishes each 20 ms, one after the other; ms from each packet to its PUBACK, ascending. */
async function pubackTimes({ about }: Bench, seconds: number): Promise<number[]> {
  const senders = await Promise.all(
    makeHotspots(PUBLISHERS).map((hotspot) => login(hotspot, about.mqttPort)),
  );
  const times: number[] = [];
  const endMs = performance.now() + seconds * 1000;
  for (let sequence = 1; performance.now() < endMs; sequence++) {
    const { client, hotspot } = senders[sequence % PUBLISHERS] as (typeof senders)[number];
    const status = { ...statusOf(PLACE, Date.now(), "online"), sequence };
    const bytes = Buffer.from(encodePacket(status, hotspot.signer, NETWORK));
    const beganMs = performance.now();
    await client.publishAsync(upTopic(NETWORK, hotspot.id, "status"), bytes, { qos: 1 });
    times.push(performance.now() - beganMs);
    await Bun.sleep(20);
  }
  await Promise.all(senders.map(({ client }) => client.endAsync(true)));
  return times.sort((a, b) => a - b);
}

const PUBLISHERS = 32;
const PLACE = { latE7: 525_200_066, lonE7: 134_049_540 };

async function login(
  hotspot: BenchHotspot,
  port: number,
): Promise<{ client: MqttClient; hotspot: BenchHotspot }> {
  const { id, signer } = hotspot;
  const password = makeLoginToken(signer, NETWORK, Date.now());
  const options = { protocolVersion: 4, clientId: id, username: id, password, reconnectPeriod: 0 } as const;
  return { client: await connectAsync(`mqtt://127.0.0.1:${port}`, options), hotspot };
}

const at = (times: readonly number[], share: number): string =>
  (times[Math.floor(times.length * share)] ?? Number.NaN).toFixed(1).padStart(8);

await using opened = new AsyncDisposableStack();
const benches = [await open(SIZES[0], opened), await open(SIZES[1], opened)] as const;
for (const one of CASES) for (const bench of benches) await measure(bench, one);

const [few, many] = benches;
console.log(`${READERS} connections, ${SECONDS} s each; CPU of the gateway for each answer\n`);
console.log(
  `${"".padEnd(30)}${SIZES.map((size) => `${size} hotspots: per s, µs`.padStart(28)).join("")}   ratio of CPU`,
);
for (const { name } of CASES) {
  const cells = benches.map(({ costs }) => {
    const { perSecond, cpuUs } = costs.get(name) ?? { perSecond: Number.NaN, cpuUs: Number.NaN };
    return `${perSecond.toFixed(0)}, ${cpuUs.toFixed(0).padStart(5)}`.padStart(28);
  });
  console.log(`${name.padEnd(30)}${cells.join("")}${ratioOf(name).toFixed(2).padStart(15)}`);
}

function ratioOf(name: string): number {
  const [a, b] = [few, many].map(({ costs }) => costs.get(name)?.cpuUs ?? Number.NaN);
  return (b ?? Number.NaN) / (a ?? Number.NaN);
}

console.log(`\nFrom packet to PUBACK of others at ${SIZES[1]} hotspots, ms        median     99 %    worst`);
const alone = await pubackTimes(many, SECONDS);
console.log(
  `  nobody reads                                        ${at(alone, 0.5)} ${at(alone, 0.99)} ${at(alone, 1 - 1e-9)}`,
);
for (const { name, paths } of CASES) {
  const reading = read(many, paths(many.about), SECONDS + 1);
  const times = await pubackTimes(many, SECONDS);
  await reading;
  console.log(
    `  ${READERS} read ${name.padEnd(43)} ${at(times, 0.5)} ${at(times, 0.99)} ${at(times, 1 - 1e-9)}`,
  );
}
console.log(
  `\nCPU of one hotspot's page at ${SIZES[1]} ÷ at ${SIZES[0]}: ${ratioOf("/hotspots/{id}").toFixed(2)} (aim: at most ${AIM})`,
);
