import { CITIES } from "../placement/cities.ts";

const cities = Object.keys(CITIES).join(", ");

export const USAGE = `Usage: bun run demo [options]                 gateway, broker, page and a fleet of real agents
       bun run simulator fleet [options]      the same, for other purposes
       bun run simulator fleet --virtual …    the same agents and gateway in virtual time, no sockets

  --hotspots N     how many, 1 to 1000 (24)
  --epochs N       stop after so many epochs and print one line of JSON; else run until Ctrl-C (--virtual: 2)
  --seed S         0 to 4294967295; the same seed gives the same fleet and keys (chosen by chance, and printed)
  --city NAME      ${cities} (denver)
  --region ID      a city of this region, or this region's rules in the city given
  --state DIR      keep databases and epoch bundles there (a temporary folder, removed at the end)
  --http-port N    page and API on 127.0.0.1 (a free port)
  --mqtt-port N    broker on 127.0.0.1 (a free port)
  --help

Exit status: 0 done, 1 failed or an epoch's bundle does not hold, 2 wrong usage, 130 stopped before --epochs.
`;
