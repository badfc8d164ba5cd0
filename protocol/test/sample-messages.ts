import { signerFromSeed } from "../src/ed25519.ts";
import { entropyMessage } from "../src/network/entropy.ts";
import { manifestMessage } from "../src/network/manifest.ts";
import { receiptMessage } from "../src/network/receipt.ts";
import { verdictMessage } from "../src/network/verdict-message.ts";

export const NETWORK = "demo";
export const signer = signerFromSeed(new Uint8Array(32).fill(7));
const hash = new Uint8Array(32).fill(3);
export const atMs = Date.UTC(2026, 5, 1);
const counts = { packets: 1, entropy: 2, hotspots: 3, verdicts: 4, leaves: 5 };
const times = { fromMs: atMs, toMs: atMs, closedAtMs: atMs };
const amounts = { pool: (1n << 256n) - 1n, paid: 0n, unallocated: 10n };

/** One signed message of each kind that has a codec of its own. */
export const messages = {
  entropy: {
    codec: entropyMessage,
    bytes: entropyMessage.seal(
      {
        index: 29_671_954,
        atMs,
        value: hash,
        previousHash: hash,
        periodMs: 60_000,
        validityMs: 180_000,
        windowPeriods: 360,
        windowValue: hash,
      },
      signer,
      NETWORK,
    ),
  },
  verdicts: {
    codec: verdictMessage,
    bytes: verdictMessage.seal(
      {
        atMs,
        verdicts: [
          {
            packetId: hash,
            outcome: "refused",
            reason: "too_close",
            measurements: [{ name: "distanceM", value: 12 }],
          },
        ],
      },
      signer,
      NETWORK,
    ),
  },
  receipt: {
    codec: receiptMessage,
    bytes: receiptMessage.seal({ atMs, stored: [{ first: 1, last: 0xffff_ffff }] }, signer, NETWORK),
  },
  manifest: {
    codec: manifestMessage,
    bytes: manifestMessage.seal(
      {
        network: NETWORK,
        epoch: 3,
        previousEpoch: 2,
        previousManifestHash: hash,
        parametersHash: hash,
        files: [{ name: "packets.cbor", sha256: hash }],
        root: hash,
        counts,
        ...times,
        ...amounts,
      },
      signer,
      NETWORK,
    ),
  },
};
