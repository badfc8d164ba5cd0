import fc from "fast-check";

/*
 * Properties try the same values on every run, so that a run says the same twice. `EARSHOT_TEST_SEED=N` tries others, and
 * `EARSHOT_TEST_SEED=random` others each time.
 */
const asked = process.env.EARSHOT_TEST_SEED ?? "1";
if (asked !== "random") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(asked) });
