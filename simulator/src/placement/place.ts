import { distanceM, type Position, type Random } from "@earshot/protocol";
import { between, normal, randomFor } from "../radio/random.ts";
import type { City } from "./cities.ts";
import { offset, towards } from "./offset.ts";

/** One hotspot before it has a key. */
export interface Site {
  /** Where its antenna stands. */
  position: Position;
  /** The position that its owner asserts; the same unless the owner made a mistake. */
  asserted: Position;
  /** Of the antenna above ground. */
  elevationM: number;
  antennaGainDdbi: number;
  /** 0 on the roof, more behind a window. */
  installationLossDb: number;
  hasGps: boolean;
}

/** From each of these sizes on, a fleet has one more owner who asserted a wrong position. */
export const FLEET_SIZES_WITH_MISTAKE = [8, 16] as const;

const SITES_PER_NEIGHBOURHOOD = 4;
/** Every sixth site stands on the same block as the one before: too close to prove anything to each other. */
const SITES_PER_SHARED_BLOCK = 6;
/** Highest loss of a roof antenna's cable and connectors. */
const ROOF_LOSS_DB = 2;
/** Gains of the antennas that people really mount, tenths of a dBi. */
const ANTENNA_GAINS_DDBI = [12, 26, 30, 40, 58, 60] as const;

/**
 * Places hotspots around a city: in neighbourhoods, thinning out from their middles, now and then two on one block,
 * and in larger fleets one or two whose owners asserted a place some kilometres off. A site does not depend on how
 * many follow, only the mistakes do.
 */
export function placeSites(count: number, city: City, seed: number): Site[] {
  const sites: Site[] = [];
  for (let index = 0; index < count; index += 1) {
    sites.push(placeSite(index, sites[index - 1], city, seed));
  }
  const [small, large] = FLEET_SIZES_WITH_MISTAKE;
  if (count >= small) moveWithoutAsserting(sites, seed);
  if (count >= large) assertWrongPlace(sites, seed);
  return sites;
}

function placeSite(index: number, previous: Site | undefined, city: City, seed: number): Site {
  const random = randomFor("site", seed, index);
  const onSameBlock = previous !== undefined && index % SITES_PER_SHARED_BLOCK === SITES_PER_SHARED_BLOCK - 1;
  const position = onSameBlock
    ? towards(previous.position, between(random, 40, 240), between(random, 0, 2 * Math.PI))
    : inNeighbourhood(Math.floor(index / SITES_PER_NEIGHBOURHOOD), random, city, seed);
  const onRoof = random() < 0.65;
  return {
    position,
    asserted: position,
    elevationM: Math.round(onRoof ? between(random, 8, 25) : between(random, 3, 9)),
    antennaGainDdbi: ANTENNA_GAINS_DDBI[Math.floor(random() * ANTENNA_GAINS_DDBI.length)] ?? 12,
    installationLossDb: onRoof ? between(random, 0.5, ROOF_LOSS_DB) : between(random, 6, 12),
    hasGps: random() < 0.8,
  };
}

function inNeighbourhood(index: number, random: Random, city: City, seed: number): Position {
  const chance = randomFor("neighbourhood", seed, index);
  const centre = { latE7: Math.round(city.latDeg * 1e7), lonE7: Math.round(city.lonDeg * 1e7) };
  const spreadM = city.radiusM / 2;
  const middle = offset(centre, spreadM * normal(chance), spreadM * normal(chance));
  // Exponential distances from the middle, not below what two houses have.
  const distance = 60 - 900 * Math.log(1 - random());
  return towards(middle, distance, between(random, 0, 2 * Math.PI));
}

/**
 * One owner moves the hotspot to a roof a few hundred metres from another one without asserting the new position: the old
 * one is kilometres away. It has no GPS, but its neighbour hears it louder than free space allows over the asserted
 * distance.
 */
function moveWithoutAsserting(sites: Site[], seed: number): void {
  const random = randomFor("mistake", seed);
  const neighbour = sites.findIndex((site) => site.installationLossDb <= ROOF_LOSS_DB);
  const beside = sites[Math.max(0, neighbour)];
  const index = sites.length - 1 === neighbour ? 0 : sites.length - 1;
  const site = sites[index];
  if (site === undefined || beside === undefined) return;
  const position = towards(beside.position, between(random, 310, 380), between(random, 0, 2 * Math.PI));
  const asserted = towards(position, between(random, 3000, 7000), between(random, 0, 2 * Math.PI));
  sites[index] = { ...site, position, asserted, elevationM: 12, installationLossDb: 1, hasGps: false };
}

/** Another owner asserts a wrong position for a hotspot whose GPS contradicts it. It is not at either end of the list. */
function assertWrongPlace(sites: Site[], seed: number): void {
  const random = randomFor("second mistake", seed);
  const index = Math.floor(sites.length / 2);
  const site = sites[index];
  if (site === undefined) return;
  const asserted = towards(site.position, between(random, 3000, 7000), between(random, 0, 2 * Math.PI));
  sites[index] = { ...site, asserted, hasGps: true };
}

/** How far a site's asserted position is from its true one, metres. */
export const assertedErrorM = (site: Site): number => distanceM(site.position, site.asserted);
