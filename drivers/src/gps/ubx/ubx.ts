import type { Clock } from "@earshot/protocol/hotspot";
import { flag, numberIn, path } from "@earshot/protocol/runtime/config";
import { receiverKind } from "../../devices/device-kind.ts";
import { baud } from "../../devices/fields.ts";
import type { ByteLink, Driver, OpenByteLink } from "../../driver.ts";
import { streamDriver } from "../../link/stream-driver.ts";
import type { GpsReading } from "../gps-reading.ts";
import { configPlan, type UbxSettings } from "./config-plan.ts";
import { configureUbx, NOT_ASKED, type UbxConfiguration } from "./configure.ts";
import { UbxDecoder } from "./ubx-decoder.ts";
import { UbxExchange } from "./ubx-exchange.ts";
import { UBX_VERSION } from "./ubx-version.ts";

export interface OpenUbxOptions {
  clock: Clock;
  /** What to set in the receiver once the link is open; without it nothing is written. */
  configure?: UbxSettings;
  /** How long the receiver may take to answer each message; default 1500 ms, two seconds' output at 9600 baud. */
  answerTimeoutMs?: number;
  /** Longest UBX payload that is accepted; default 4096. */
  maxPayloadBytes?: number;
  /** Readings queued for a slow consumer; default 64. */
  capacity?: number;
}

export interface UbxDriver extends Driver<GpsReading> {
  /** How configuring went; never rejects. */
  readonly configuration: Promise<UbxConfiguration>;
}

/**
 * A u-blox receiver (generations 5 to 10) over a serial port or any byte link, in UBX, NMEA or both, RTCM 3 skipped.
 *
 * One reading per epoch, reported at NAV-EOE or when the first message of the next epoch arrives.
 *
 * @throws {RangeError} for settings that no receiver has.
 */
export function openUbx(link: ByteLink | OpenByteLink, options: OpenUbxOptions): UbxDriver {
  const { clock, configure, maxPayloadBytes, capacity = 64 } = options;
  // Settings are checked before anything is opened.
  if (configure !== undefined) configPlan(configure);
  const configuration = Promise.withResolvers<UbxConfiguration>();
  let exchange: UbxExchange | undefined;
  const decoder = new UbxDecoder({
    clock,
    maxPayloadBytes,
    onMessage: (message) => exchange?.onMessage(message),
  });
  const open: OpenByteLink = async (signal) => {
    try {
      const closable = withClosing(await openLink(link, signal));
      exchange = exchangeOver(closable, options);
      configuration.resolve(configure === undefined ? NOT_ASKED : configureUbx(exchange, configure));
      return closable.link;
    } catch (error) {
      configuration.resolve(configure === undefined ? NOT_ASKED : { ...NOT_ASKED, state: "interrupted" });
      throw error;
    }
  };
  const driver = streamDriver({ name: "u-blox receiver", link: open, decoder, capacity });
  return Object.assign(driver, { configuration: configuration.promise });
}

interface ClosableLink {
  link: ByteLink;
  /** Aborted when the link is closed, which the driver does however it ends. */
  closed: AbortSignal;
}

function exchangeOver({ link, closed }: ClosableLink, options: OpenUbxOptions): UbxExchange {
  const { clock, answerTimeoutMs = 1500 } = options;
  return new UbxExchange({
    write: (bytes) => link.write(bytes),
    clock,
    signal: closed,
    timeoutMs: answerTimeoutMs,
  });
}

async function openLink(link: ByteLink | OpenByteLink, signal: AbortSignal | undefined): Promise<ByteLink> {
  return typeof link === "function" ? link(signal) : link;
}

function withClosing(inner: ByteLink): ClosableLink {
  const closing = new AbortController();
  const link: ByteLink = {
    write: (bytes) => inner.write(bytes),
    close: () => {
      closing.abort();
      return inner.close();
    },
    [Symbol.asyncIterator]: () => inner[Symbol.asyncIterator](),
  };
  return { link, closed: closing.signal };
}

/** `configure`: rate, static mode and messages are set in the receiver's RAM each time it is opened. */
export const ubx = receiverKind({
  type: "ubx",
  description: "u-blox receiver",
  sends: { stream: "ubx" },
  nameQuery: UBX_VERSION,
  queries: [UBX_VERSION],
  keys: {
    device: path,
    baud: baud.default(9600),
    configure: flag.default(true),
    rate_hz: numberIn(0.1, 20).default(1),
  },
  settings: ({ rate_hz: rateHz, ...rest }) => ({ ...rest, rateHz }),
  async open({ device, baud, configure, rateHz }, { clock, openLink }) {
    const settings = configure ? { configure: { rateHz } } : {};
    const receiver = openUbx(await openLink({ device, baud }), { clock, ...settings });
    return Object.assign(receiver, { cautions: cautionsOf(receiver) });
  },
  rows: [
    {
      device: "u-blox, generations 5 to 10, in UBX",
      wiring: "UART or USB",
      config: ['device = "/dev/ttyAMA0"', "baud = 9600"],
      testedWith: "recordings of a u-blox 7, a NEO-M8T and a ZED-F9T",
    },
  ],
});

const REFUSALS = {
  refused: "The receiver refused its settings and runs as it is",
  silent: "The receiver does not answer, so it runs as it is: is the line to its RX connected?",
} as const;

/** How configuring went, where it did not go well. */
function cautionsOf({ configuration }: UbxDriver): () => string[] {
  let cautions: string[] = [];
  void configuration.then(({ state, refused, unanswered }) => {
    if (state !== "refused" && state !== "silent") return;
    const steps = [...refused, ...unanswered].join(", ");
    cautions = [steps === "" ? REFUSALS[state] : `${REFUSALS[state]} (${steps})`];
  });
  return () => cautions;
}
