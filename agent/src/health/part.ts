/** `attention`: works, or may yet; somebody should look. `broken`: earns nothing until somebody does something. */
export type Health = "ok" | "attention" | "broken";

/** One thing that a technician can look at, touch or mend. */
export interface Part {
  title: string;
  health: Health;
  /** How it is, with numbers and ages. */
  text: string;
  /** What to do, in one sentence. */
  advice?: string;
}

/** Title of a part that several files make. */
export const CONFIGURATION = "Configuration";

/** As page and command line show it; never by colour alone. */
export const HEALTH_TEXT: Readonly<Record<Health, string>> = {
  ok: "✓ ok",
  attention: "! attention",
  broken: "✕ broken",
};

/** From the best to the worst. */
const ORDER: readonly Health[] = ["ok", "attention", "broken"];

export const worstOf = (parts: readonly Pick<Part, "health">[]): Health =>
  ORDER[Math.max(0, ...parts.map(({ health }) => ORDER.indexOf(health)))] ?? "ok";

/** The worst first. */
export const byUrgency = (parts: readonly Part[]): Part[] =>
  parts.toSorted((one, other) => ORDER.indexOf(other.health) - ORDER.indexOf(one.health));

export const ok = (title: string, text: string): Part => ({ title, health: "ok", text });

export const attention = (title: string, text: string, advice?: string): Part =>
  advice === undefined ? { title, health: "attention", text } : { title, health: "attention", text, advice };

export const broken = (title: string, text: string, advice: string): Part => ({
  title,
  health: "broken",
  text,
  advice,
});
