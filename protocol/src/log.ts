export type LogLevel = "debug" | "info" | "warn" | "error";

/** Where a program's messages go; passed in so that tests and fleets can capture them. */
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export const silentLog: Log = () => {};
