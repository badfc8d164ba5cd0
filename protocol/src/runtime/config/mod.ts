/** Configurations of programs: TOML, the environment and a zod schema. Apart from `runtime`, for zod is large. */
export * from "./config-fields.ts";
export { configKeys } from "./config-keys.ts";
export { ConfigError, checkValue, type Table } from "./config-problems.ts";
export { ConfigReader, type Environment, type ReadOptions, readConfigFile } from "./config-reader.ts";
