/** The program on a hotspot: beacons, witnesses, and delivers what it signed. */
export { type AgentDeps, type AgentRadio, type OpenDevice, runAgent } from "./agent.ts";
export type { AgentStatus, ForwarderFacts } from "./board/facts.ts";
export { StatusBoard } from "./board/status-board.ts";
export type { AgentConfig } from "./config/agent-config.ts";
export type { Config, GpsConfig, LoraConfig } from "./config/config.ts";
export { ConfigError, loadConfig, parseConfig } from "./config/load.ts";
export { gpsOpener, radioOpener } from "./devices/open-devices.ts";
export { type Assessment, assess } from "./health/assess.ts";
export type { Health, Part } from "./health/part.ts";
export { keyFile } from "./identity/key-file.ts";
export { KeyError, type KeyProvider } from "./identity/key-provider.ts";
export { type MemoryOutboxOptions, memoryOutbox } from "./outbox/memory-outbox.ts";
export type { Outbox, OutboxEntry, OutboxState } from "./outbox/outbox.ts";
export type { OutboxLimits } from "./outbox/outbox-index.ts";
export { type SqliteOutboxOptions, sqliteOutbox } from "./outbox/sqlite-outbox.ts";
export { createPage, type StatusDocument } from "./page/app.ts";
export { type MqttPublisherOptions, mqttPublisher } from "./publisher/mqtt-publisher.ts";
export type { IncomingMessage, OpenPublisher, Publisher, SessionOptions } from "./publisher/publisher.ts";
