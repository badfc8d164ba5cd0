import {
  amount,
  bytes,
  type Field,
  FieldFailure,
  integer,
  list,
  oneOf,
  record,
  text,
} from "../packet/fields.ts";
import {
  type NetworkParameters,
  PARAMETER_RANGES,
  type RegionRule,
  WHOLE_PARAMETERS,
  type WholeParameter,
} from "../parameters/parameters.ts";
import { parametersProblem } from "../parameters/parameters-check.ts";
import { REGION_IDS } from "../radio/regions.ts";
import { messageCodec } from "./message.ts";

const wholeNumbers = Object.fromEntries(
  WHOLE_PARAMETERS.map((name) => [name, integer(PARAMETER_RANGES[name][0], PARAMETER_RANGES[name][1])]),
) as Record<WholeParameter, Field<number>>;

const region = record<RegionRule>({
  id: oneOf(REGION_IDS) as Field<RegionRule["id"]>,
  maxEirpDdbm: integer(0, 600),
});

const shape = record<NetworkParameters>({
  network: text(32),
  ruleSet: text(32),
  ...wholeNumbers,
  regions: list(region, 64) as Field<NetworkParameters["regions"]>,
  poolPerEpoch: amount,
  chainId: amount,
  contract: bytes(20),
});

const checked: Field<NetworkParameters> = {
  write: shape.write,
  read(value) {
    const parameters = shape.read(value);
    if (parameters instanceof FieldFailure) return parameters;
    return parametersProblem(parameters) === undefined ? parameters : new FieldFailure("out_of_range");
  },
};

/** One version of a network's parameters, as signed. */
export const parametersMessage = messageCodec<NetworkParameters>(12, checked);
