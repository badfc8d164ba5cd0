import type { ModemCommand, ModemStep } from "./dialect.ts";
import type { ModemAnswer } from "./modem-exchange.ts";
import { ModemFaultError } from "./modem-faults.ts";

/** What setting a module up needs of the session that does it. */
export interface StepContext {
  name: string;
  /** Repeats on silence and while busy. */
  request(command: ModemCommand): Promise<ModemAnswer>;
  /** Sets what makes the module start again, and waits until it has. */
  reboot(command: ModemCommand): Promise<void>;
}

/** What the steps left open. */
export interface StepsResult {
  cautions: string[];
  /** A step that other radios need was refused. */
  isOwnOnAir: boolean;
  /** It has no such power. */
  isPowerRefused: boolean;
}

/** Runs the steps in order, each confirmed by its answer. @throws {ModemFaultError} where a needed one is refused */
export async function runSteps(context: StepContext, steps: readonly ModemStep[]): Promise<StepsResult> {
  const result: StepsResult = { cautions: [], isOwnOnAir: false, isPowerRefused: false };
  for (const step of steps) {
    const refusal = await runStep(context, step);
    if (refusal === undefined) continue;
    if (step.isPower) {
      result.isPowerRefused = true;
      continue;
    }
    if (step.optional === undefined) {
      throw new ModemFaultError("refused", `${context.name} refused ${refusal}`);
    }
    if (step.optional.caution !== undefined) result.cautions.push(step.optional.caution);
    if (step.neededOnAir) result.isOwnOnAir = true;
  }
  return result;
}

/** `undefined` once it is set, else what was refused and how. */
async function runStep(context: StepContext, step: ModemStep): Promise<string | undefined> {
  if (await isSetAlready(context, step)) return undefined;
  let refusal = `${step.name}: it cannot be set now`;
  for (const command of step.set) {
    if (step.reboots) {
      await context.reboot(command);
      if (await isSetAlready(context, step)) return undefined;
      refusal = `${command.text}: it started again and is not so`;
      continue;
    }
    const answer = await context.request(command);
    if (answer.status === "ok") return undefined;
    refusal = "text" in answer ? `${command.text}: ${answer.text}` : command.text;
  }
  return refusal;
}

async function isSetAlready(context: StepContext, { query, isSet }: ModemStep): Promise<boolean> {
  if (query === undefined || isSet === undefined) return false;
  const answer = await context.request(query);
  return answer.status === "ok" && answer.value !== undefined && isSet(answer.value);
}
