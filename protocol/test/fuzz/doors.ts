/**
 * Tries mutated bytes at every door that takes bytes of strangers: `doors.ts SEED FIRST LAST [show]`, in batches,
 * each named before it is tried, so that a hang can be located. `show` names each input too.
 */
import { writeSync } from "node:fs";
import { networkAad, openEnvelope, seal } from "../../src/cose.ts";
import { equalBytes } from "../../src/encoding/bytes.ts";
import { decodeCbor, encodeCbor } from "../../src/encoding/cbor.ts";
import { readCbor } from "../../src/encoding/cbor-reader.ts";
import { checkLoginToken, makeLoginToken } from "../../src/network/login-token.ts";
import { decodePacket, encodePacket, verifyPacket } from "../../src/packet/codec.ts";
import { longestPackets, typicalPackets } from "../../src/packet/samples.ts";
import { seededRandom } from "../../src/virtual-time.ts";
import { atMs, messages, NETWORK, signer } from "../sample-messages.ts";
import { mutated } from "./mutate.ts";

const BATCH = 500;
const base64url = (bytes: Uint8Array) => bytes.toBase64({ alphabet: "base64url", omitPadding: true });

const genuine = [
  ...[...Object.values(typicalPackets), ...Object.values(longestPackets)].map((packet) =>
    encodePacket(packet, signer, NETWORK),
  ),
  ...Object.values(messages).map(({ bytes }) => bytes),
  Uint8Array.fromBase64(makeLoginToken(signer, NETWORK, atMs), { alphabet: "base64url" }),
];
const payloads = genuine.map((bytes) => {
  const opened = openEnvelope(bytes, 65_536);
  if (!opened.ok) throw new TypeError(`A genuine message is ${opened.code}`);
  return opened.envelope.payload;
});

/** What takes whole messages. Each gives whether it took the bytes as genuine. */
const doors: Record<string, (bytes: Uint8Array) => boolean> = {
  envelope: (bytes) => openEnvelope(bytes).ok && false,
  "packet form": (bytes) => decodePacket(bytes).ok && false,
  packet: (bytes) => verifyPacket(bytes, NETWORK).ok,
  login: (bytes) => checkLoginToken(base64url(bytes), signer.publicKey, NETWORK, atMs).ok,
  ...Object.fromEntries(
    Object.entries(messages).map(([name, { codec }]) => [
      name,
      (bytes: Uint8Array) => codec.open(bytes, NETWORK, signer.publicKey).ok,
    ]),
  ),
};

function tryMessage(bytes: Uint8Array): void {
  const isGenuine = genuine.some((one) => equalBytes(one, bytes));
  for (const [name, open] of Object.entries(doors)) {
    if (open(bytes) && !isGenuine) throw new Error(`${name} took ${bytes.toHex()}`);
  }
}

/** What is read writes to the very same bytes, and is refused or read, signed or not, without a throw. */
function tryPayload(bytes: Uint8Array): void {
  readCbor(bytes);
  const decoded = decodeCbor(bytes);
  if (decoded.ok && !equalBytes(encodeCbor(decoded.value), bytes)) {
    throw new Error(`Read ${bytes.toHex()}, which is written as ${encodeCbor(decoded.value).toHex()}`);
  }
  const signed = seal(bytes, signer, networkAad(NETWORK));
  for (const open of Object.values(doors)) open(signed);
}

const [seed = 1, first = 0, last = 0] = process.argv.slice(2, 5).map(Number);
const show = process.argv[5] === "show";
for (let batch = first; batch <= last; batch++) {
  writeSync(1, `batch ${batch}\n`);
  const random = seededRandom(seed + batch * 7919);
  for (let i = 0; i < BATCH; i++) {
    const [seeds, attempt] = i % 2 === 0 ? [genuine, tryMessage] : [payloads, tryPayload];
    const bytes = mutated(seeds, random);
    if (show) writeSync(1, `${attempt.name} ${bytes.toHex()}\n`);
    attempt(bytes);
  }
}
writeSync(1, `tried ${(last - first + 1) * BATCH}\n`);
