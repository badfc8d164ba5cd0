import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Signer, signerFromSeed } from "../crypto/ed25519.ts";
import { nullable, record, text } from "../packet/fields.ts";
import { timeMs } from "../packet/shapes.ts";
import {
  checkLoginToken,
  LOGIN_CLOCK_SKEW_MS,
  LOGIN_TOKEN_LIFETIME_MS,
  makeLoginToken,
} from "./login-token.ts";
import { messageCodec } from "./message.ts";

const signer = signerFromSeed(new Uint8Array(32).fill(5));
const stranger = signerFromSeed(new Uint8Array(32).fill(6));
const NOW = Date.UTC(2026, 5, 1);
const token = makeLoginToken(signer, "demo", NOW);
const check = (text: string, atMs = NOW, key = signer.publicKey, network = "demo") => {
  const result = checkLoginToken(text, key, network, atMs);
  return result.ok ? "ok" : result.code;
};

/** A token with any times, as a hotspot may make that follows no rules. */
const codec = messageCodec(
  6,
  record<{ issuedAtMs: number; expiresAtMs: number }>({ issuedAtMs: timeMs, expiresAtMs: timeMs }),
);
const tokenWith = (issuedAtMs: number, expiresAtMs: number, by: Signer = signer) =>
  codec.seal({ issuedAtMs, expiresAtMs }, by, "demo").toBase64({ alphabet: "base64url", omitPadding: true });

test("a token is short, safe in any text and good at once", () => {
  expect(token).toMatch(/^[A-Za-z0-9_-]{175}$/);
  expect(check(token)).toBe("ok");
});

test("a newer agent's token may say more", () => {
  const newer = messageCodec(
    6,
    record<{ issuedAtMs: number; expiresAtMs: number }, { model: string | null }>(
      { issuedAtMs: timeMs, expiresAtMs: timeMs },
      { model: nullable(text(200)) },
    ),
    2,
  );
  const sealed = newer.seal({ issuedAtMs: NOW, expiresAtMs: NOW, model: "m".repeat(200) }, signer, "demo");
  expect(check(sealed.toBase64({ alphabet: "base64url", omitPadding: true }))).toBe("ok");
});

describe("time, to the millisecond", () => {
  const last = NOW + LOGIN_TOKEN_LIFETIME_MS + LOGIN_CLOCK_SKEW_MS;
  test.each([
    [NOW - LOGIN_CLOCK_SKEW_MS - 1, "token_not_yet_valid"],
    [NOW - LOGIN_CLOCK_SKEW_MS, "ok"],
    [last, "ok"],
    [last + 1, "token_expired"],
  ])("at %d: %s", (atMs, expected) => expect(check(token, atMs)).toBe(expected));

  test("a token may not be good for longer than others", () => {
    expect(check(tokenWith(NOW, NOW + LOGIN_TOKEN_LIFETIME_MS))).toBe("ok");
    expect(check(tokenWith(NOW, NOW + LOGIN_TOKEN_LIFETIME_MS + 1))).toBe("out_of_range");
  });

  test("a token that ends before it begins is good for no longer either", () => {
    expect(check(tokenWith(NOW, NOW - LOGIN_CLOCK_SKEW_MS - 1))).toBe("token_expired");
  });
});

describe("refusals", () => {
  test("another hotspot's token, or one for another network", () => {
    expect(check(token, NOW, stranger.publicKey)).toBe("wrong_signer");
    expect(check(token, NOW, signer.publicKey, "testnet-1")).toBe("bad_signature");
    // The stranger claims the hotspot's key but cannot sign for it.
    const claimed = { publicKey: signer.publicKey, sign: (m: Uint8Array) => stranger.sign(m) };
    expect(check(tokenWith(NOW, NOW + 1000, claimed))).toBe("bad_signature");
  });

  test("another message of the same key, of the same length", () => {
    const other = messageCodec(5, record({ issuedAtMs: timeMs, expiresAtMs: timeMs }));
    const bytes = other.seal({ issuedAtMs: NOW, expiresAtMs: NOW }, signer, "demo");
    expect(check(bytes.toBase64({ alphabet: "base64url", omitPadding: true }))).toBe("wrong_type");
  });

  test.each([
    ["", "malformed"],
    ["AAAA", "malformed"],
    [token.slice(0, -4), "malformed"],
    [`${token}A`, "trailing_bytes"],
    [`${token}AA`, "malformed"],
    [`${token}${"A".repeat(400)}`, "malformed"],
    ["A".repeat(100_000), "malformed"],
    ["!".repeat(token.length), "malformed"],
    ["A".repeat(token.length), "trailing_bytes"],
    [`gmGAWv____s${"A".repeat(token.length - 11)}`, "truncated"],
  ])("garbage %#", (text, expected) => expect(check(text)).toBe(expected));

  test("any other text never throws and never logs in", () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => check(text) !== "ok"));
    fc.assert(
      fc.property(fc.nat({ max: token.length - 1 }), fc.base64String({ minLength: 4 }), (at, other) => {
        const changed = token.slice(0, at) + other[0] + token.slice(at + 1);
        if (changed !== token && check(changed) === "ok") {
          // The last character of base64 may carry bits that belong to no byte.
          expect(Uint8Array.fromBase64(changed, { alphabet: "base64url" })).toEqual(
            Uint8Array.fromBase64(token, { alphabet: "base64url" }),
          );
        }
      }),
    );
  });
});
