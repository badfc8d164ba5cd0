import type { PageOptions } from "../page/serve.ts";

/** The configuration cannot be used. Each problem names the key, the value and what is allowed, and no secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];
  /** The page's address; absent when that could not be read. */
  readonly page?: PageOptions | "off";
  /** The file is there, but the agent's user may not read it: its content is not at fault. */
  readonly isUnreadable: boolean;

  constructor(problems: readonly string[], { page, isUnreadable = false }: ConfigErrorFacts = {}) {
    super(problems.join("\n"));
    this.problems = problems;
    if (page !== undefined) this.page = page;
    this.isUnreadable = isUnreadable;
  }
}

interface ConfigErrorFacts {
  page?: PageOptions | "off" | undefined;
  isUnreadable?: boolean;
}
