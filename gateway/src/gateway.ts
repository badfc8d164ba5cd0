import { chosenRules, liveRuleSets, parametersProblem } from "@earshot/protocol";
import { GatewayCore } from "./service/gateway-core.ts";
import type { Gateway, GatewayDeps } from "./service/gateway-deps.ts";
import { buildParts } from "./service/gateway-parts.ts";

/**
 * Builds a gateway over its dependencies: the same core serves real brokers and simulations.
 * @throws {RangeError} if the parameters contradict each other
 * @throws {ConfigError} if they differ from the store's in a value that a running network cannot change
 */
export async function createGateway(deps: GatewayDeps): Promise<Gateway> {
  const problem = parametersProblem(deps.parameters);
  if (problem !== undefined) throw new RangeError(`Cannot use parameters: ${problem}`);
  const chosen = chosenRules(deps.parameters, liveRuleSets(deps.ruleSets));
  if (!chosen.ok) throw new RangeError(`Cannot use parameters: ${chosen.problem}`);
  return new GatewayCore(await buildParts(deps));
}
