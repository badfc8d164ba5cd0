/** The configuration cannot be used; the message names key, value and what is allowed. */
export class ConfigError extends Error {
  readonly code = "bad-config";
  override readonly name = "ConfigError";
}
