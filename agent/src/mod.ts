/** The program on a hotspot: beacons, witnesses, and delivers what it signed. */
export { type AgentDeps, type AgentRadio, type OpenDevice, runAgent } from "./agent.ts";
export type { AgentStatus, ForwarderFacts } from "./board/facts.ts";
export { StatusBoard } from "./board/status-board.ts";
export type { AgentConfig } from "./config/agent-config.ts";
export { type MemoryOutboxOptions, memoryOutbox } from "./outbox/memory-outbox.ts";
export type { Outbox, OutboxEntry, OutboxState } from "./outbox/outbox.ts";
export { type SqliteOutboxOptions, sqliteOutbox } from "./outbox/sqlite-outbox.ts";
export { type MqttPublisherOptions, mqttPublisher } from "./publisher/mqtt-publisher.ts";
export type { IncomingMessage, OpenPublisher, Publisher, SessionOptions } from "./publisher/publisher.ts";
