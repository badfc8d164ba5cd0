/** Devices without hardware, and the contract that every driver keeps. */
export { type TestDevice, testDevices } from "./discovery/test-devices.ts";
export { type DriverDevice, type DriverFixture, driverContract } from "./testing/driver-contract.ts";
export { MemoryLink, type MemoryLinkOptions } from "./testing/memory-link.ts";
export { MemoryNetwork, type MemoryNetworkOptions, MemorySocket } from "./testing/memory-network.ts";
