/** What tests of the gateway, and simulations in one process, build on. */
export { storeContract } from "./store/store-contract.ts";
export { writeAsOlderSchema } from "./testing/older-schema.ts";
