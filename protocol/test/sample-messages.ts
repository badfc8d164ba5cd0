import { signerFromSeed } from "../src/crypto/ed25519.ts";
import type { CborValue } from "../src/encoding/cbor.ts";
import { denialMessage, isDenial } from "../src/network/denial.ts";
import { DRAND, entropyMessage } from "../src/network/entropy.ts";
import { indexRootMessage } from "../src/network/index-root.ts";
import { keyChangeMessage } from "../src/network/key-change.ts";
import { keyDocumentMessage, keysProblem, type RoleKey } from "../src/network/key-document.ts";
import { manifestMessage } from "../src/network/manifest.ts";
import type { MessageCodec } from "../src/network/message.ts";
import { parametersMessage } from "../src/network/parameters-message.ts";
import { receiptMessage } from "../src/network/receipt.ts";
import { registrationMessage } from "../src/network/registration.ts";
import { verdictMessage } from "../src/network/verdict-message.ts";
import { DEFAULT_PARAMETERS } from "../src/parameters/parameters.ts";
import { documentOfMap } from "../src/parameters/parameters-document.ts";

export const NETWORK = "demo";
export const signer = signerFromSeed(new Uint8Array(32).fill(7));
const hash = new Uint8Array(32).fill(3);
export const atMs = Date.UTC(2026, 5, 1);
const counts = { packets: 1, entropy: 2, hotspots: 3, verdicts: 4, leaves: 5 };
const times = { fromMs: atMs, toMs: atMs, closedAtMs: atMs };
const greaterKey = new Uint8Array(32).fill(4);
const amounts = { pool: (1n << 256n) - 1n, paid: 0n, unallocated: 10n };

const drandChain = {
  ...{ hash: "ab".repeat(32), publicKey: new Uint8Array(96).fill(5) },
  ...{ genesisS: 1_700_000_000, periodS: 3 },
};

interface Sample {
  codec: Pick<MessageCodec<object>, "open" | "typeNumber" | "version">;
  bytes: Uint8Array;
  /** Whether a described payload also keeps the relations between fields that CDDL cannot express; absent: none. */
  fits?: (payload: readonly CborValue[]) => boolean;
}

type SampleName =
  | "entropy"
  | "verdicts"
  | "receipt"
  | "manifest"
  | "registration"
  | "denial"
  | "parameters"
  | "keys"
  | "indexRoot"
  | "keyChange";

/** One signed message of each kind that has a codec of its own. */
export const messages: Record<SampleName, Sample> = {
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
        reportDeadlineMs: 600_000,
        revealDeadlineMs: 1_200_000,
        source: { kind: DRAND, round: 5_928_395, signature: new Uint8Array(48).fill(6), counts: true },
        state: {
          closedEpoch: 20_604,
          manifestHash: hash,
          parametersHash: hash,
          denialsHash: hash,
          registryHash: hash,
        },
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
        hotspot: hash,
        parametersHash: hash,
        verdicts: [
          {
            packetId: hash,
            receivedAtMs: atMs,
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
    bytes: receiptMessage.seal(
      {
        atMs,
        hotspot: hash,
        answers: hash,
        stored: [{ sequence: 7, packetId: hash, receivedAtMs: atMs }],
        used: [{ first: 1, last: 0xffff_ffff }],
        gateway: { version: "0.1.0", formats: [1, 1, 1] },
        lowest: { fromEpoch: 20_620, fromMs: atMs, beacon: 1, witness: 2 },
        copies: { reusedNumbers: 4, agentTurns: 12, radioTurns: 8, concentrators: 2 },
        commitments: [{ chain: 643, head: hash, countsFromMs: atMs }],
      },
      signer,
      NETWORK,
    ),
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
        registryHash: hash,
        files: [{ name: "packets.cbor", bytes: 4711, sha256: hash }],
        root: hash,
        counts,
        ...times,
        ...amounts,
      },
      signer,
      NETWORK,
    ),
  },
  registration: {
    codec: registrationMessage,
    bytes: registrationMessage.seal(
      {
        publicKey: hash,
        atMs,
        latE7: 535_511_000,
        lonE7: 99_937_000,
        elevationM: 24,
        antennaGainDdbi: 58,
        region: "EU868",
        payee: new Uint8Array(20).fill(0x33),
      },
      signer,
      NETWORK,
    ),
  },
  denial: {
    codec: denialMessage,
    bytes: denialMessage.seal(
      {
        hotspot: hash,
        peer: greaterKey,
        reason: "one radio under two keys",
        evidence: "case 17",
        atMs,
        fromEpoch: 2,
        untilEpoch: 5,
      },
      signer,
      NETWORK,
    ),
    fits: denialFits,
  },
  parameters: {
    codec: parametersMessage,
    bytes: parametersMessage.seal(
      {
        ...{ ...DEFAULT_PARAMETERS, network: NETWORK, drandChain },
        regions: DEFAULT_PARAMETERS.regions.slice(0, 2),
      },
      signer,
      NETWORK,
    ),
    fits: parametersFit,
  },
  keys: {
    codec: keyDocumentMessage,
    bytes: keyDocumentMessage.seal(
      {
        network: NETWORK,
        version: 2,
        previousHash: hash,
        atMs,
        entropyPeriodMs: 60_000,
        epochPeriods: 1440,
        keys: [
          { role: "entropy", key: hash, fromEpoch: 0, untilEpoch: 9, revokedFromEpoch: 8 },
          { role: "entropy", key: greaterKey, fromEpoch: 8, untilEpoch: null, revokedFromEpoch: null },
        ],
      },
      signer,
      NETWORK,
    ),
    fits: keysFit,
  },
  indexRoot: {
    codec: indexRootMessage,
    bytes: indexRootMessage.seal(
      { network: NETWORK, index: 29_671_954, atMs, count: 40, root: hash },
      signer,
      NETWORK,
    ),
  },
  keyChange: {
    codec: keyChangeMessage,
    bytes: keyChangeMessage.seal(
      { atMs, newKey: greaterKey, acceptance: new Uint8Array(64).fill(5) },
      signer,
      NETWORK,
    ),
  },
};

function keysFit(payload: readonly CborValue[]): boolean {
  const keys = (payload[8] as CborValue[][]).map(([role, key, fromEpoch, untilEpoch, revokedFromEpoch]) => ({
    ...{ role, key, fromEpoch, untilEpoch, revokedFromEpoch },
  }));
  return keysProblem(keys as unknown as RoleKey[]) === undefined;
}

function denialFits([, , hotspot, peer, , , , fromEpoch, untilEpoch]: readonly CborValue[]): boolean {
  return isDenial({ hotspot, peer, fromEpoch, untilEpoch } as Parameters<typeof isDenial>[0]);
}

function parametersFit([, , values]: readonly CborValue[]): boolean {
  const document = documentOfMap(values as Map<string, CborValue>) as Record<string, number>;
  const { epochPeriods, windowPeriods, minDistanceM, maxDistanceM } = document;
  const { reportDeadlineMs, revealDeadlineMs, entropyValidityMs } = document;
  const { periodS = 0 } = (document.drandChain ?? {}) as unknown as { periodS?: number };
  const amounts = [document.poolPerEpoch, document.chainId].map((text) => BigInt(text as number));
  return (
    Number(epochPeriods) % Number(windowPeriods) === 0 &&
    Number(epochPeriods) <= 128 * Number(windowPeriods) &&
    Number(revealDeadlineMs) > Number(reportDeadlineMs) &&
    Number(reportDeadlineMs) >= Number(entropyValidityMs) &&
    Number(minDistanceM) <= Number(maxDistanceM) &&
    amounts.every((amount) => amount < 2n ** 256n) &&
    Number(document.entropyPeriodMs) >= 4000 * periodS
  );
}
