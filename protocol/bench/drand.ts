/** `bun protocol/bench/drand.ts`: how long the drand signatures of a day take, one a minute. */
import { testChain } from "../src/drand/test-chain.ts";
import { drandChecker } from "../src/drand.ts";

const DAY = 1440;
const SINGLE = 50;
const chain = testChain();
const checker = drandChecker(chain.publicKey);
const rounds = Array.from({ length: DAY }, (_, i) => ({ round: i + 1, signature: chain.sign(i + 1) }));

function timed(what: string, count: number, work: () => void): void {
  const startMs = performance.now();
  work();
  const ms = performance.now() - startMs;
  console.log(`${what}: ${Math.round(ms)} ms, ${(ms / count).toFixed(1)} ms each`);
}

timed(`${SINGLE} one by one`, SINGLE, () => {
  for (const one of rounds.slice(0, SINGLE)) if (!checker.isValid(one)) throw new Error("It holds");
});
timed(`${DAY} at once`, DAY, () => {
  if (checker.firstInvalid(rounds) !== undefined) throw new Error("They hold");
});
const wrong = rounds.with(1000, { round: 1001, signature: chain.sign(1) });
timed(`${DAY} at once, one of them wrong`, DAY, () => {
  if (checker.firstInvalid(wrong) !== 1000) throw new Error("It is the one");
});
