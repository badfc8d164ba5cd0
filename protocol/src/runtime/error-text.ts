/** What went wrong, in words, whatever was thrown. */
export const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The code that an error carries: the system's (`EIO`), a library's, MQTT's number as text. "" when it has none. */
export function errorCode(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return error.code === undefined ? "" : String(error.code);
}
