import { z } from "zod";
import { baud, flag, host, numberIn, oneOfText, path, port } from "./fields.ts";

/*
 * The section [gps]: which receiver, and how it is reached.
 */

export const DEFAULT_GPSD = { host: "127.0.0.1", port: 2947 } as const;

const nmea = z.strictObject({ type: z.literal("nmea"), device: path, baud: baud.default(9600) });

const ubx = z.strictObject({
  type: z.literal("ubx"),
  device: path,
  baud: baud.default(9600),
  configure: flag.default(true),
  rate_hz: numberIn(0.1, 20).default(1),
});

const gpsd = z.strictObject({
  type: z.literal("gpsd"),
  host: host.default(DEFAULT_GPSD.host),
  port: port.default(DEFAULT_GPSD.port),
});

const none = z.strictObject({ type: z.literal("none") });

export const gpsSchema = z.discriminatedUnion("type", [nmea, ubx, gpsd, none], {
  error: oneOfText(["nmea", "ubx", "gpsd", "none"]),
});
