import type { Gateway } from "@earshot/gateway";
import type { City } from "../placement/cities.ts";
import type { EpochResult } from "../report/epoch-result.ts";
import type { Named } from "../report/epoch-table.ts";
import { type HotspotPlan, remarkOn } from "./plan-fleet.ts";

/** One run of a fleet, real or virtual. */
export interface FleetRun {
  hotspots: number;
  /** Runs until stopped when absent. */
  epochs?: number;
  seed: number;
  city: City;
  /** Folder of databases and bundles; must exist. */
  stateDir: string;
}

/** Receives what happens in a run. */
export interface FleetObserver {
  onStart(facts: StartFacts): void;
  onProgress(progress: Progress): void;
  onEpoch(result: EpochResult): void;
}

export interface StartFacts {
  hotspots: readonly Named[];
  /** Absent in virtual time. */
  pages?: { fleet: string; technician: { name: string; url: string }; broker: string };
  /** The first epoch that counts, and when it closes (ms since the Unix epoch), about. */
  firstEpoch: number;
  firstCloseMs: number;
}

/** What the progress line shows. */
export interface Progress {
  atMs: number;
  hotspots: number;
  online: number;
  /** Sent so far. */
  beacons: number;
  /** Verdicts so far, over all epochs. */
  paid: number;
  notPaid: number;
}

export const namedHotspots = (plans: readonly HotspotPlan[]): Named[] =>
  plans.map((plan) => ({ id: plan.id, name: plan.name, remark: remarkOn(plan) }));

/** Counts the gateway's events for the progress line. */
export class ProgressCounter {
  readonly #online = new Set<string>();
  #paid = 0;
  #notPaid = 0;

  constructor({ events }: Pick<Gateway, "events">) {
    events.listen((event) => {
      if (event.kind === "hotspot") {
        if (event.online) this.#online.add(event.hotspotId);
        else this.#online.delete(event.hotspotId);
      }
      if (event.kind === "verdicts") {
        const paid = event.verdicts.filter(({ outcome }) => outcome === "paid").length;
        this.#paid += paid;
        this.#notPaid += event.verdicts.length - paid;
      }
    });
  }

  snapshot(atMs: number, hotspots: number, beacons: number): Progress {
    return { atMs, hotspots, online: this.#online.size, beacons, paid: this.#paid, notPaid: this.#notPaid };
  }
}
