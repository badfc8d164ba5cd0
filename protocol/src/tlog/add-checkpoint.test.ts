import { expect, test } from "bun:test";
import { formatAddCheckpoint, parseAddCheckpoint } from "./add-checkpoint.ts";

/** The example of c2sp.org/tlog-witness. */
const EXAMPLE = `old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;

test("the specification's example is read, and written the same", () => {
  const read = parseAddCheckpoint(EXAMPLE);
  expect(read).toMatchObject({ oldSize: 20_852_014 });
  expect(read?.proof).toHaveLength(4);
  expect(read?.checkpoint.split("\n")[1]).toBe("20852163");
  expect(read && formatAddCheckpoint(read)).toBe(EXAMPLE);
  const first = { oldSize: 0, proof: [], checkpoint: "text\n" };
  expect(parseAddCheckpoint(formatAddCheckpoint(first))).toEqual(first);
});

test("what only looks like a request is refused", () => {
  const hash = "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=";
  const wrong = [
    "",
    "old 1",
    "old 1\n",
    "old 01\n\n",
    "old -1\n\n",
    "new 1\n\n",
    "old 1\nAAAA\n\n",
    `old 1 \n\n`,
  ];
  for (const text of [...wrong, `old 1\n${`${hash}\n`.repeat(64)}\n`, `old 1\n ${hash}\n\n`]) {
    expect(parseAddCheckpoint(text), text).toBeUndefined();
  }
});
