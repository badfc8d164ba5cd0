/** Prints, as JSON, what this runtime answers to every vector: run under Bun and Deno, which must agree. */
import { importKey, isAdmissibleKey, signerFromSeed, verifyEd25519 } from "../src/crypto/ed25519.ts";
import { RFC_8032, signatureVectors } from "./ed25519-vectors.ts";

export function answers() {
  return {
    verified: signatureVectors().map(({ name, publicKey, message, signature }) => ({
      name,
      accepted: isAdmissibleKey(publicKey) && verifyEd25519(importKey(publicKey), message, signature),
    })),
    signed: RFC_8032.map(({ seed, message }) => signerFromSeed(seed).sign(message).toHex()),
  };
}

if (import.meta.main) console.log(JSON.stringify(answers()));
