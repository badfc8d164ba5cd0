import type { PageOptions } from "../page/serve.ts";

/** The configuration cannot be used. Each problem names the key, the value and what is allowed, and no secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly string[];
  /** Where the page is to be; absent when that could not be read. */
  readonly page?: PageOptions | "off";
  /** The file is there and somebody else may read it: nobody wrote anything wrong. */
  readonly isUnreadable: boolean;

  constructor(problems: readonly string[], { page, isUnreadable = false }: ConfigErrorFacts = {}) {
    super(problems.join("\n"));
    this.problems = problems;
    if (page !== undefined) this.page = page;
    this.isUnreadable = isUnreadable;
  }
}

export interface ConfigErrorFacts {
  page?: PageOptions | "off" | undefined;
  isUnreadable?: boolean;
}
