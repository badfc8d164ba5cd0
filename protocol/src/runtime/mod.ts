/**
 * What programs share beside packets and rules: files, clocks, sockets and words of an error. For Bun and Deno alike;
 * the rest of `protocol` is pure and imports none of it.
 */
export { Backoff } from "./backoff.ts";
export { BoundedMap } from "./bounded-map.ts";
export { type BrokerSocketOptions, connectSocket } from "./connect-socket.ts";
export { errorCode, errorText } from "./error-text.ts";
export { KeyError, type KeyFile, keyFile, keyFromHex } from "./key-file.ts";
export { LastHour } from "./last-hour.ts";
export { LinkedAbort } from "./linked-abort.ts";
export { OutageLog } from "./log/outage-log.ts";
export {
  DEFAULT_LOG_SETTINGS,
  LOG_FORMATS,
  LOG_LEVELS,
  type LogReader,
  type LogSettings,
  ProgramLog,
} from "./log/program-log.ts";
export { isOnNetwork, unmountedDisk } from "./mounts.ts";
export { Mutex } from "./mutex.ts";
export { omitUndefined } from "./omit-undefined.ts";
export { abortAfter, pause, withTimeout } from "./pause.ts";
export { readNamedFile, readRegularFile, withRegularFile } from "./regular-file.ts";
export { systemClock } from "./system-clock.ts";
export { systemOutput } from "./system-output.ts";
export { readTlsFiles, type TlsPaths, type TlsPems } from "./tls-files.ts";
export { type Rate, TokenBucket, TokenBuckets } from "./token-bucket.ts";
export { chownCommand, isRoot, ownerOf, ownUid, userText } from "./users.ts";
