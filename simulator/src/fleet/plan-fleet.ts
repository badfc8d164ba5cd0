import type { AgentConfig } from "@earshot/agent";
import { hotspotId, hotspotName, type Signer } from "@earshot/protocol";
import type { SkyOptions } from "../devices/sky.ts";
import type { City } from "../placement/cities.ts";
import { assertedErrorM, placeSites, type Site } from "../placement/place.ts";
import type { Station } from "../radio/station.ts";
import { DEMO_PARAMETERS, seededBytes, seededSigner, TIME_COMPRESSION } from "./demo-network.ts";

/** One simulated hotspot before it is switched on. */
export interface HotspotPlan {
  id: string;
  name: string;
  signer: Signer;
  site: Site;
  station: Station;
  /** 16 hex digits. */
  gatewayEui: string;
  /** Absent where it has no GPS. */
  sky?: SkyOptions;
  config: AgentConfig;
}

interface FleetOptions {
  hotspots: number;
  city: City;
  seed: number;
}

/** Of an SX1302 board with its filter. */
const NOISE_FIGURE_DB = 6;
const MAX_POWER_DBM = 27;
/** Scaled with the compressed calendar, but not so often that a small machine cannot keep up. */
const STATUS_PERIOD_MS = 10_000;
const READING_PERIOD_MS = 30_000;

export const networkSigner = (seed: number): Signer => seededSigner(seed, "network");

export function planFleet({ hotspots, city, seed }: FleetOptions): HotspotPlan[] {
  return placeSites(hotspots, city, seed).map((site, index) => planHotspot(site, index, city, seed));
}

function planHotspot(site: Site, index: number, city: City, seed: number): HotspotPlan {
  const signer = seededSigner(seed, `hotspot ${index}`);
  const id = hotspotId(signer.publicKey);
  return {
    id,
    name: hotspotName(id),
    signer,
    site,
    station: {
      id,
      position: site.position,
      antennaGainDbi: site.antennaGainDdbi / 10,
      installationLossDb: site.installationLossDb,
      noiseFigureDb: NOISE_FIGURE_DB,
    },
    gatewayEui: seededBytes(seed, `concentrator ${index}`).slice(0, 8).toHex(),
    ...(site.hasGps ? { sky: skyOver(site, id, city, seed) } : {}),
    config: configOf(site, index, city, seed),
  };
}

const skyOver = (site: Site, id: string, city: City, seed: number): SkyOptions => ({
  seed,
  id,
  position: site.position,
  altitudeMslM: city.altitudeM + site.elevationM,
  geoidSeparationM: city.geoidSeparationM,
});

const configOf = (site: Site, index: number, city: City, seed: number): AgentConfig => ({
  network: { name: DEMO_PARAMETERS.network, publicKey: networkSigner(seed).publicKey },
  hotspot: {
    ...site.asserted,
    elevationM: site.elevationM,
    antennaGainDdbi: site.antennaGainDdbi,
    region: city.region,
    payee: seededBytes(seed, `payee ${index}`).slice(0, 20),
  },
  maxPowerDbm: MAX_POWER_DBM,
  statusPeriodMs: STATUS_PERIOD_MS,
  readingPeriodMs: READING_PERIOD_MS,
  timeCompression: TIME_COMPRESSION,
});

/** The mistake of a hotspot's owner, for readers of the results; `undefined` without one. */
export function remarkOn({ site }: HotspotPlan): string | undefined {
  const errorM = assertedErrorM(site);
  return errorM === 0 ? undefined : `asserted ${(errorM / 1000).toFixed(1)} km from where it stands`;
}
