import type { Config } from "../config/config.ts";
import { parseConfig } from "../config/load.ts";

/** What a configuration has before anything is attached. */
const BARE = `
[network]
name = "test"
public_key = "${"ab".repeat(32)}"
[broker]
url = "mqtt://127.0.0.1"
[hotspot]
latitude = 47.3667
longitude = 8.55
elevation_m = 12
antenna_gain_dbi = 3
region = "EU868"

`;

/** A hotspot to which the devices in these lines of TOML are attached. @throws {ConfigError} */
export const configWith = (devices: string): Config =>
  parseConfig(BARE + devices, { file: "agent.toml", environment: {} });
