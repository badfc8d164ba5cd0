/** Checks of drand signatures. Apart from `mod.ts`, as the curve's library costs memory that most programs never need. */
export { type DrandChecker, drandChecker, type SignedRound } from "./drand/checker.ts";
