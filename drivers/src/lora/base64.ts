const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

/**
 * Base64 as forwarders write it: padded or not, the standard or the URL-safe alphabet, even both in one string
 * (the protocol document's own example is unpadded and URL-safe). `undefined` for anything else.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  if (!BASE64.test(text)) return undefined;
  const digits = text.replace(/=+$/, "").replaceAll("-", "+").replaceAll("_", "/");
  if (digits.length % 4 === 1) return undefined;
  return Uint8Array.from(atob(digits), (character) => character.charCodeAt(0));
}

/** Standard alphabet, padded. */
export function encodeBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}
