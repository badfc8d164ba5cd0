/** A sentence with its checksum and line end, from what stands between `$` and `*`. */
export function sentence(body: string): string {
  let checksum = 0;
  for (const character of body) checksum ^= character.charCodeAt(0);
  return `$${body}*${checksum.toString(16).toUpperCase().padStart(2, "0")}\r\n`;
}

export const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** One second of a receiver with a fix, `second` seconds after noon on 2026-03-01 (below one minute). */
export function epochText(second: number): string {
  const time = `1200${String(second % 60).padStart(2, "0")}.00`;
  return [
    `GNRMC,${time},A,4807.0380,N,01131.0000,E,0.02,,010326,,,A,V`,
    `GNGGA,${time},4807.0380,N,01131.0000,E,1,09,0.9,545.4,M,46.9,M,,`,
    "GNGSA,A,3,04,05,,09,12,,,24,,,,,1.8,0.9,1.5,1",
    "GPGSV,2,1,05,04,40,083,46,05,17,308,41,09,07,344,39,12,22,228,45,1",
    "GPGSV,2,2,05,24,09,100,,1",
  ]
    .map(sentence)
    .join("");
}
