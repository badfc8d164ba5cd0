import { type Field, FieldFailure } from "../packet/fields.ts";

/** An amount as decimal text without leading zeros: uint256 has up to 78 digits, more than CBOR's integers hold. */
export const amount: Field<bigint> = {
  write: (value) => value.toString(),
  read(value) {
    if (typeof value !== "string") return new FieldFailure("wrong_type");
    return /^(0|[1-9][0-9]{0,77})$/.test(value) ? BigInt(value) : new FieldFailure("out_of_range");
  },
};
