import type { RegionId } from "@earshot/protocol";

export interface City {
  name: string;
  region: RegionId;
  latDeg: number;
  lonDeg: number;
  /** About how far the built-up area reaches from its centre. */
  radiusM: number;
  /** Of the ground above mean sea level. */
  altitudeM: number;
  /** Of mean sea level above the WGS 84 ellipsoid (EGM96, whole metres). */
  geoidSeparationM: number;
}

/** Denver is the default: US915 has no duty cycle, so a compressed schedule is lawful there. */
export const CITIES: Readonly<Record<string, City>> = {
  denver: {
    name: "Denver",
    region: "US915",
    latDeg: 39.7392,
    lonDeg: -104.9903,
    radiusM: 12_000,
    altitudeM: 1609,
    geoidSeparationM: -17,
  },
  sydney: {
    name: "Sydney",
    region: "AU915",
    latDeg: -33.8688,
    lonDeg: 151.2093,
    radiusM: 12_000,
    altitudeM: 20,
    geoidSeparationM: 23,
  },
  bengaluru: {
    name: "Bengaluru",
    region: "IN865",
    latDeg: 12.9716,
    lonDeg: 77.5946,
    radiusM: 12_000,
    altitudeM: 920,
    geoidSeparationM: -86,
  },
  seoul: {
    name: "Seoul",
    region: "KR920",
    latDeg: 37.5665,
    lonDeg: 126.978,
    radiusM: 10_000,
    altitudeM: 40,
    geoidSeparationM: 23,
  },
  berlin: {
    name: "Berlin",
    region: "EU868",
    latDeg: 52.52,
    lonDeg: 13.405,
    radiusM: 12_000,
    altitudeM: 35,
    geoidSeparationM: 39,
  },
  singapore: {
    name: "Singapore",
    region: "AS923-1",
    latDeg: 1.3521,
    lonDeg: 103.8198,
    radiusM: 10_000,
    altitudeM: 15,
    geoidSeparationM: 8,
  },
};

export const DEFAULT_CITY = "denver";

/** The first city of a region, `undefined` where the list has none. */
export const cityOfRegion = (region: string): string | undefined =>
  Object.keys(CITIES).find((key) => CITIES[key]?.region === region);
