/** A test that needs a Debian package skips without it, unless `EARSHOT_REQUIRE_TOOLS=1` says that it must run. */
export function skipWithout(available: boolean): boolean {
  return !available && process.env.EARSHOT_REQUIRE_TOOLS !== "1";
}
