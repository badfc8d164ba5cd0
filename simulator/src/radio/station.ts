import type { LoraDataRate, Position } from "@earshot/protocol";

/** A radio at its true position, whatever its owner asserts. */
export interface Station {
  /** Unique; part of the seed of every link. */
  id: string;
  position: Position;
  antennaGainDbi: number;
  /** Walls, windows and cables around the antenna, both ways; at least 0. */
  installationLossDb: number;
  noiseFigureDb: number;
}

export interface Transmission extends LoraDataRate {
  /** Station that sends. */
  from: string;
  bytes: Uint8Array;
  freqHz: number;
  /** Conducted. */
  powerDbm: number;
  startMs: number;
}

export interface Reception {
  transmission: Transmission;
  /** End of the frame, ms since the Unix epoch, with fractions. */
  endMs: number;
  /** Signal power at the antenna connector. */
  rssiDbm: number;
  snrDb: number;
  /** `bad`: strong enough to be noticed, lost to another frame on the same channel and spreading factor. */
  crc: "ok" | "bad";
}
