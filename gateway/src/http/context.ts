import { entropyTimeMs } from "@earshot/protocol";
import { OutageLog } from "@earshot/protocol/runtime";
import type { StoredVerdict } from "../store/records.ts";
import { ActivityBoard } from "./activity.ts";
import type { AppDeps } from "./deps.ts";
import { isPublic } from "./embargo.ts";
import { sendersOf } from "./links.ts";
import { PresenceBoard } from "./presence.ts";
import { RadioTrafficBoard } from "./radio-traffic.ts";
import { verdictView } from "./views.ts";

/** What routes share beside the gateway's own parts. */
export interface RouteContext extends AppDeps {
  presence: PresenceBoard;
  activity: ActivityBoard;
  radioTraffic: RadioTrafficBoard;
  /** Whether the store answers, for the log: it is asked as often as anybody asks for `/healthz`. */
  storeOutages: OutageLog;
  /** Keeps only what may be published now. */
  published<T extends { entropyIndex: number }>(judged: readonly T[]): T[];
  timeOfIndex(entropyIndex: number): number;
  verdictViews(verdicts: readonly StoredVerdict[]): Promise<ReturnType<typeof verdictView>[]>;
}

export function routeContext(deps: AppDeps): RouteContext {
  const { store, clock, events, log, parameters, versions } = deps;
  return {
    ...deps,
    presence: new PresenceBoard(events, clock),
    storeOutages: new OutageLog("the store", clock, log),
    radioTraffic: new RadioTrafficBoard({ store, clock, parameters }),
    activity: new ActivityBoard({ store, clock, parameters, events }),
    published: (judged) => {
      const nowMs = clock.now();
      return judged.filter(({ entropyIndex }) => isPublic(entropyIndex, nowMs, parameters));
    },
    timeOfIndex: (entropyIndex) => entropyTimeMs(entropyIndex, parameters),
    async verdictViews(verdicts) {
      const senders = await sendersOf(verdicts, store);
      return verdicts.map((verdict) => {
        const { hash } = versions.inForce(verdict.epoch);
        return verdictView(verdict, senders.get(verdict.beaconKey), { ...parameters, hash });
      });
    },
  };
}
