import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { sealFields } from "../cose.ts";
import { signerFromSeed } from "../crypto/ed25519.ts";
import { openKeyChange, sealRevocation, sealRotation } from "./key-change.ts";

const signer = (seed: number) => signerFromSeed(new Uint8Array(32).fill(seed));
const [old, next, thief] = [signer(1), signer(2), signer(3)];
const NETWORK = "testnet-1";
const AT_MS = Date.UTC(2026, 5, 1);

describe("a change of a hotspot's key", () => {
  const rotation = sealRotation(old, next, NETWORK, AT_MS);
  const revocation = sealRevocation(old, NETWORK, AT_MS);
  const codeOf = (message: Uint8Array, network = NETWORK) => {
    const opened = openKeyChange(message, network);
    return opened.ok ? "ok" : opened.code;
  };

  test("says which key takes whose place, or that none does", () => {
    const change = { oldKey: old.publicKey, atMs: AT_MS };
    expect(openKeyChange(rotation, NETWORK)).toEqual({
      ok: true,
      change: { ...change, newKey: next.publicKey },
    });
    expect(openKeyChange(revocation, NETWORK)).toEqual({ ok: true, change: { ...change, newKey: null } });
    console.log(`bytes: rotation ${rotation.length}, revocation ${revocation.length}`);
  });

  test("counts in one network only", () => {
    expect(codeOf(rotation, "testnet-2")).toBe("bad_signature");
    expect(codeOf(revocation, "testnet-2")).toBe("bad_signature");
  });

  test("needs the new key's own signature, for this old key, this time and this network", () => {
    const acceptance = (of: Uint8Array) => {
      const opened = openKeyChange(of, NETWORK);
      if (!opened.ok) throw new Error(opened.code);
      return of.slice(-64 - 66, -66);
    };
    const accepted = acceptance(rotation);
    const sealed = (atMs: number, newKey: Uint8Array | null, by: Uint8Array | null, from = old) =>
      codeOf(sealFields([15, 1, atMs, newKey, by], from, NETWORK));
    expect(sealed(AT_MS, next.publicKey, accepted)).toBe("ok");
    expect(sealed(AT_MS + 1, next.publicKey, accepted)).toBe("not_accepted");
    expect(sealed(AT_MS, next.publicKey, accepted, thief)).toBe("not_accepted");
    expect(sealed(AT_MS, thief.publicKey, accepted)).toBe("not_accepted");
    expect(sealed(AT_MS, next.publicKey, null)).toBe("not_accepted");
    expect(sealed(AT_MS, null, accepted)).toBe("not_accepted");
    expect(sealed(AT_MS, new Uint8Array(32), accepted)).toBe("not_accepted");
    const elsewhere = acceptance(sealRotation(old, next, NETWORK, AT_MS + 5));
    expect(sealed(AT_MS, next.publicKey, elsewhere)).toBe("not_accepted");
  });

  test("of any bytes, and of a damaged one, none is valid", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => codeOf(bytes) !== "ok"));
    const place = fc.record({ at: fc.nat(rotation.length - 1), bit: fc.nat(7) });
    fc.assert(
      fc.property(place, ({ at, bit }) => {
        const damaged = rotation.slice();
        damaged[at] = (damaged[at] ?? 0) ^ (1 << bit);
        return codeOf(damaged) !== "ok";
      }),
    );
  });

  test("what a newer program appends is ignored", () => {
    expect(codeOf(sealFields([15, 2, AT_MS, null, null, "why"], old, NETWORK))).toBe("ok");
  });
});
