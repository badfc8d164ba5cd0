import type { Signer } from "../crypto/ed25519.ts";
import { record } from "../packet/fields.ts";
import { timeMs } from "../packet/shapes.ts";
import { type MessageRefusal, messageCodec } from "./message.ts";

/** MQTT password of a hotspot: proves that it has its key now. */
interface LoginToken {
  issuedAtMs: number;
  expiresAtMs: number;
}

export const loginTokenMessage = messageCodec<LoginToken>(
  6,
  record<LoginToken>({ issuedAtMs: timeMs, expiresAtMs: timeMs }),
);

export const LOGIN_TOKEN_LIFETIME_MS = 300_000;
/** A hotspot without GPS or NTP may be this far off before it cannot log in. */
export const LOGIN_CLOCK_SKEW_MS = 120_000;

/** The shortest has 131 bytes, a payload of 21 and the envelope of 110; a newer agent may append fields. */
const MIN_TOKEN_CHARACTERS = 175;
const MAX_TOKEN_CHARACTERS = 512;

/** base64url, 175 characters. */
export function makeLoginToken(signer: Signer, network: string, nowMs: number): string {
  const token = { issuedAtMs: nowMs, expiresAtMs: nowMs + LOGIN_TOKEN_LIFETIME_MS };
  return loginTokenMessage
    .seal(token, signer, network)
    .toBase64({ alphabet: "base64url", omitPadding: true });
}

export type LoginRefusal = MessageRefusal | "malformed" | "token_expired" | "token_not_yet_valid";

/** @param publicKey of the hotspot that logs in; must be admissible */
export function checkLoginToken(
  token: string,
  publicKey: Uint8Array,
  network: string,
  nowMs: number,
): { ok: true } | { ok: false; code: LoginRefusal } {
  const bytes = fromBase64Url(token);
  if (bytes === undefined) return { ok: false, code: "malformed" };
  const opened = loginTokenMessage.open(bytes, network, publicKey);
  if (!opened.ok) return opened;
  const { issuedAtMs, expiresAtMs } = opened.value;
  if (expiresAtMs - issuedAtMs > LOGIN_TOKEN_LIFETIME_MS) return { ok: false, code: "out_of_range" };
  if (nowMs < issuedAtMs - LOGIN_CLOCK_SKEW_MS) return { ok: false, code: "token_not_yet_valid" };
  if (nowMs > expiresAtMs + LOGIN_CLOCK_SKEW_MS) return { ok: false, code: "token_expired" };
  return { ok: true };
}

/** Passwords come from strangers: text of another length is not even decoded. */
function fromBase64Url(text: string): Uint8Array | undefined {
  if (text.length < MIN_TOKEN_CHARACTERS || text.length > MAX_TOKEN_CHARACTERS) return undefined;
  try {
    return Uint8Array.fromBase64(text, { alphabet: "base64url" });
  } catch {
    return undefined;
  }
}
