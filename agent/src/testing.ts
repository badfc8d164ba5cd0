/** Broker and devices in memory, and the contract of the outbox. */
export { FakeBroker, type PublishedMessage } from "./testing/fake-broker.ts";
export { FakeDevice, FakeGps, FakeMachine, FakeRadio } from "./testing/fake-devices.ts";
export { type OutboxPlace, outboxContract } from "./testing/outbox-contract.ts";
