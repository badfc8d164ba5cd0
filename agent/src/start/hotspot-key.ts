import { type KeyFile, keyFile } from "@earshot/protocol/runtime";
import type { Config } from "../config/config.ts";

/**
 * The hotspot's key, where the configuration says.
 * @param mayBeOthers root may read the key of the service's user
 */
export const hotspotKey = ({ keyFile: path }: Pick<Config, "keyFile">, mayBeOthers = false): KeyFile =>
  keyFile(path, { of: "hotspot", setting: "[identity] key_file", mayBeOthers });
