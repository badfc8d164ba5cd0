import { resolve } from "node:path";
import { REGIONS, type RegionId } from "@earshot/protocol/hotspot";
import { beaconPowerDbm } from "../beacon/power.ts";
import type { ChannelConfig, LoraConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { addressOf } from "./listen-address.ts";
import type { LoraFile } from "./lora-schema.ts";
import type { ConfigFile } from "./schema.ts";

/** The radio of a checked file. @throws {ConfigError} for keys that do not fit each other */
export function loraConfig({ lora, hotspot }: ConfigFile, folder: string): LoraConfig {
  const region = hotspot.region as RegionId;
  const gainDdbi = Math.round(hotspot.antenna_gain_dbi * 10);
  const powerDbm = beaconPowerDbm(REGIONS[region], gainDdbi, hotspot.max_power_dbm);
  switch (lora.type) {
    case "semtech-udp":
      return { type: lora.type, listen: addressOf(lora.listen), region };
    case "basics-station":
      return {
        ...{ type: lora.type, listen: addressOf(lora.listen), region, powerDbm },
        ...(lora.token === undefined ? {} : { token: lora.token }),
        ...stationTls(lora, folder),
      };
    case "rak3172":
    case "rn2483":
      return { type: lora.type, maxPowerDbm: powerDbm, ...serialOf(lora), ...channelOf(lora) };
    case "rylr998":
      return {
        ...{ type: lora.type, maxPowerDbm: powerDbm, ...serialOf(lora), ...channelOf(lora) },
        ...{ networkId: lora.network_id, address: lora.address },
      };
  }
}

type StationFile = LoraFile & { type: "basics-station" };
type ModemFile = Exclude<LoraFile, { listen: string }>;

function stationTls(lora: StationFile, folder: string) {
  const { cert_file: cert, key_file: key, client_ca_file: clientCa } = lora;
  if ((cert === undefined) !== (key === undefined)) {
    throw new ConfigError(["lora.cert_file and lora.key_file belong together: set both or neither"]);
  }
  if (cert === undefined || key === undefined) {
    if (clientCa === undefined) return {};
    throw new ConfigError(["lora.client_ca_file needs lora.cert_file and lora.key_file"]);
  }
  const files = { certFile: resolve(folder, cert), keyFile: resolve(folder, key) };
  return {
    tls: clientCa === undefined ? files : { ...files, clientCaFile: resolve(folder, clientCa) },
  };
}

const serialOf = ({ device, baud }: ModemFile) => ({ device, baud });

const channelOf = (lora: ModemFile): ChannelConfig => ({
  freqHz: Math.round(lora.freq_mhz * 1e6),
  spreadingFactor: lora.spreading_factor,
  bandwidthHz: lora.bandwidth_khz * 1000,
});
