import { expect, test } from "bun:test";
import { errorCode, errorText } from "./error-text.ts";

const failing = (code: string | number) => Object.assign(new Error("it said no"), { code });

test("a code is a word or a number of whatever was thrown, or nothing", () => {
  expect([failing("EIO"), failing(5), { code: 7 }].map(errorCode)).toEqual(["EIO", "5", "7"]);
  expect([new Error("x"), null, undefined, "EIO", 5, { code: undefined }].map(errorCode)).toEqual(
    new Array(6).fill(""),
  );
});

test("the text is the message, or what was thrown", () => {
  expect([new Error("x"), "y", 5, undefined].map(errorText)).toEqual(["x", "y", "5", "undefined"]);
});
