import { type Field, FieldFailure, record } from "../packet/fields.ts";
import type { NetworkParameters } from "../parameters/parameters.ts";
import {
  documentOfMap,
  formatParameters,
  parametersMap,
  parseParameters,
} from "../parameters/parameters-document.ts";
import { messageCodec } from "./message.ts";

const values: Field<NetworkParameters> = {
  write: (parameters) => parametersMap(formatParameters(parameters)),
  read(value) {
    if (!(value instanceof Map)) return new FieldFailure("wrong_type", value, "a map of names and values");
    try {
      return parseParameters(documentOfMap(value));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return new FieldFailure("out_of_range", undefined, error.message);
    }
  },
};
const wrapped = record<{ values: NetworkParameters }>({ values });

const shape: Field<NetworkParameters> = {
  write: (parameters) => wrapped.write({ values: parameters }),
  read(value) {
    const read = wrapped.read(value);
    return read instanceof FieldFailure ? read : read.values;
  },
};

/** One version of a network's parameters, as signed: `[12, version, {name: value, …}]`. */
export const parametersMessage = messageCodec<NetworkParameters>(12, shape, 1, {
  role: "registry",
  // A version does not say when it was signed.
  atMs: () => undefined,
});
