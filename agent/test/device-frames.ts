/** A Plantower PMS5003's frame: PM1, PM2.5 and PM10 in air, µg/m³. */
export function pmsFrame(pm1: number, pm25: number, pm10: number): Uint8Array {
  const words = [28, pm1, pm25, pm10, pm1, pm25, pm10, 0, 0, 0, 0, 0, 0, 0x9700];
  const bytes = new Uint8Array(32);
  bytes.set([0x42, 0x4d]);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setUint16(2 + 2 * i, word);
  view.setUint16(
    30,
    bytes.subarray(0, 30).reduce((sum, byte) => sum + byte, 0),
  );
  return bytes;
}

function sentence(body: string): string {
  const sum = [...body].reduce((check, character) => check ^ character.charCodeAt(0), 0);
  return `$${body}*${sum.toString(16).toUpperCase().padStart(2, "0")}\r\n`;
}

/** One second of an NMEA receiver with a fix: what comes before it is complete once the next one begins. */
export const nmeaSecond = (second: number): string => {
  const time = `1200${String(second % 60).padStart(2, "0")}.00`;
  return (
    sentence(`GNRMC,${time},A,4722.002,N,00833.000,E,0.0,,010626,,,A`) +
    sentence(`GNGGA,${time},4722.002,N,00833.000,E,1,09,1.0,408.0,M,48.0,M,,`)
  );
};

/** A weather station's wind: direction in degrees, speed in m/s. */
export const windSentence = (directionDeg: number, speedMps: number): string =>
  sentence(`WIMWV,${directionDeg.toFixed(1)},T,${speedMps.toFixed(1)},M,A`);
