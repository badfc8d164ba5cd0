/** What packets are, how they are judged and what they earn: pure functions, no I/O. */
export type { Clock, Random } from "./clock.ts";
export { type Log, type LogLevel, silentLog } from "./log.ts";
