import { sha256 } from "../crypto/sha256.ts";
import { chacha12Words } from "./chacha12.ts";
import type { ExpectedBeacon } from "./types.ts";

/*
 * How a Helium gateway derived its beacon, and the verifier derived it again (helium/proto, `beacon/src`):
 *
 *   seed    = SHA-256(remote data ‖ remote time i64 LE ‖ local data ‖ local time i64 LE)
 *   payload = the low byte of each of the first 51 words of ChaCha12(seed)
 *   channel = u16 LE(payload[0..2]) mod number of channels
 *
 * Hole 1 of the reference's list (section 2.5), kept on purpose: the gateway's key is not an input, so anybody who knows or
 * guesses the four bytes of local entropy can report the same beacon as its own.
 */
const HELIUM_PAYLOAD_BYTES = 51;

/** Local entropy carried the time 0. */
const LOCAL_TIME_S = 0;

interface HeliumEntropy {
  data: Uint8Array;
  /** Whole seconds since the Unix epoch. */
  timestampS: number;
}

/** One channel of a region; the order of channels and spreadings is part of the rules. */
export interface HeliumChannel {
  freqHz: number;
  bandwidthHz: number;
  maxEirpDdbm: number;
  spreadings: readonly { spreadingFactor: number; maxPacketBytes: number }[];
}

interface HeliumBeacon extends ExpectedBeacon {
  conductedPowerDbm: number;
}

export const beaconSeed = (remote: HeliumEntropy, local: Uint8Array): Uint8Array =>
  sha256(remote.data, int64Le(remote.timestampS), local, int64Le(LOCAL_TIME_S));

export const beaconPayload = (seed: Uint8Array, bytes = HELIUM_PAYLOAD_BYTES): Uint8Array =>
  Uint8Array.from(chacha12Words(seed, bytes), (word) => word & 0xff);

/**
 * The beacon that follows from both entropies, the channels of the asserted region and the asserted gain.
 * `undefined` where Helium could not send one: no channels, no data rate for so long a packet, or an antenna gain that
 * leaves no power.
 */
export function heliumBeacon(
  remote: HeliumEntropy,
  local: Uint8Array,
  channels: readonly HeliumChannel[],
  gainDdbi: number,
): HeliumBeacon | undefined {
  const data = beaconPayload(beaconSeed(remote, local));
  const channel = channels[channelIndex(data, channels.length)];
  const dataRate = heliumDataRate(channels, data.length);
  const conductedPowerDbm = conductedPower(channels, gainDdbi);
  if (channel === undefined || dataRate === undefined || conductedPowerDbm === undefined) return undefined;
  return { data, freqHz: channel.freqHz, dataRate, conductedPowerDbm };
}

export const channelIndex = (payload: Uint8Array, channels: number): number =>
  ((payload[0] as number) | ((payload[1] as number) << 8)) % channels;

/** The first data rate listed for the first channel that carries so many bytes, whichever channel is used. */
export function heliumDataRate(channels: readonly HeliumChannel[], bytes: number): string | undefined {
  const first = channels[0];
  const spreading = first?.spreadings.find(({ maxPacketBytes }) => maxPacketBytes >= bytes);
  if (first === undefined || spreading === undefined) return undefined;
  return dataRateName(spreading.spreadingFactor, first.bandwidthHz);
}

export const dataRateName = (spreadingFactor: number, bandwidthHz: number): string =>
  `SF${spreadingFactor}BW${Math.trunc(bandwidthHz / 1000)}`;

/** trunc(highest EIRP − gain) in whole dBm; `undefined` below 0 dBm. */
export function conductedPower(channels: readonly HeliumChannel[], gainDdbi: number): number | undefined {
  if (channels.length === 0) return undefined;
  const maxEirpDdbm = Math.max(...channels.map((channel) => channel.maxEirpDdbm));
  const dbm = Math.trunc((maxEirpDdbm - gainDdbi) / 10);
  // Adding 0 turns −0, which truncation gives for −0.9 to −0.1 dBm, into 0.
  return dbm < 0 ? undefined : dbm + 0;
}

function int64Le(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return bytes;
}
